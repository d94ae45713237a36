"""Everything that reads what somebody else wrote, each as a function of bytes that must end, and raise only what it may.

They are run by `guided.py` (atheris, guided by coverage) and by tests/test_properties.py (hypothesis).
"""

from __future__ import annotations

import hashlib
import io
import re
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from amlcheck.catalog import CRASHED, Catalog, catalog
from amlcheck.dockerfile.build import FAILED
from amlcheck.dockerfile.context import Context, IgnorePattern
from amlcheck.dockerfile.expand import ExpansionError, expand, expand_words
from amlcheck.dockerfile.reader import read
from amlcheck.dockerfile.source import Mapped, Source
from amlcheck.dockerfile.text import literal
from amlcheck.environment.entry_script import missing_functions, newer_syntax, read_entry_script
from amlcheck.environment.judging import lint_environment
from amlcheck.environment.python_source import parse as parse_python
from amlcheck.environment.requirements_file import read_requirements
from amlcheck.environment.specs import conda_spec, pip_spec
from amlcheck.errors import AmlcheckError, UnreadableError
from amlcheck.lint import LintOptions, decode, lint_text
from amlcheck.model import Report, SubjectReport
from amlcheck.profiles import load_profile, with_flavour
from amlcheck.report import formats

Target = Callable[[bytes], None]


class BrokenPromiseError(AssertionError):
    """Something that no input may bring about."""


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


@lru_cache(maxsize=1)
def _known() -> tuple[Catalog, LintOptions]:
    known = catalog()
    return known, LintOptions(with_flavour(known, load_profile(known, "azureml-2021-04"), "openmpi-gpu"))


@lru_cache(maxsize=1)
def _folder() -> Path:
    return Path(tempfile.mkdtemp(prefix="amlcheck-fuzz-"))


def _sound(report: SubjectReport) -> None:
    """No rule has failed, no instruction has, and each place is one of the file."""
    failed = [item.message for item in report.findings if item.rule == CRASHED]
    failed += [item.reason for item in report.judgements if FAILED in item.reason or " failed: " in item.reason]
    if failed or "itself failed" in report.error or "Error" in report.error:
        raise BrokenPromiseError("; ".join(failed) or report.error)
    for finding in report.findings:
        place = finding.location
        if place is not None and place.path in report.sources:
            lines = report.sources[place.path].count("\n") + 1
            if not (1 <= place.line <= place.end_line <= lines and place.column >= 1 and place.end_column >= 1):
                raise BrokenPromiseError(f"{finding.rule} at {place}")


def _lint(files: Mapping[str, bytes]) -> SubjectReport | None:
    """The report on the first of some files, which are put into an empty folder."""
    known, options = _known()
    folder = _folder()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    first = next(iter(files))
    try:
        if first != "Dockerfile":
            return lint_environment(known, str(folder / first), options)
        return lint_text(known, first, decode(files[first], first), Context(folder), options)
    except UnreadableError:
        return None


# --- Dockerfiles -------------------------------------------------------------------------------------------------------


def reader(data: bytes) -> None:
    """A Dockerfile, to instructions with their places."""
    text = _text(data)
    found = read("Dockerfile", text)
    for instruction in found.instructions:
        if not 1 <= instruction.start_line <= instruction.end_line <= text.count("\n") + 1:
            raise BrokenPromiseError(f"{instruction.keyword} in {instruction.start_line}-{instruction.end_line}")
        _ = instruction.span.text
        instruction.assignments(found.escape)


def expansion(data: bytes) -> None:
    """A word of a Dockerfile, with variables of each kind."""
    values = {"A": literal("aXbXc"), "B": literal(""), "C": literal("/usr/local/bin:/x")}
    word = Mapped.of(Source("f", _text(data[1:])))
    escape = "`" if data[:1] > b"\x80" else "\\"
    for ways in (expand, expand_words):
        try:
            ways(word, values.get, escape)
        except ExpansionError:
            pass


def shell(data: bytes) -> None:
    """A script, run by a RUN of bash and of sh, followed command by command."""
    script = b"FROM ubuntu:20.04\n" + (b'SHELL ["bash", "-c"]\n' if data[:1] > b"\x80" else b"")
    report = _lint({"Dockerfile": script + b"RUN <<'E_O_F'\n" + data[1:] + b"\nE_O_F\n"})
    if report is not None:
        _sound(report)


def dockerfile(data: bytes) -> None:
    """The whole lint of a Dockerfile."""
    report = _lint({"Dockerfile": data})
    if report is not None:
        _sound(report)


def dockerignore(data: bytes) -> None:
    """A .dockerignore: its patterns, with stars or without, take the same paths."""
    pattern, _, path = _text(data).partition("\n")
    try:
        made = IgnorePattern(pattern[:60])
    except re.error:
        return
    expression, made._expression = made._expression, None
    if expression is not None and len(path) < 60 and (expression.fullmatch(path) is not None) is not made.takes(path):
        raise BrokenPromiseError(f"{pattern!r} {path!r}")
    made.takes(path)


# --- environments --------------------------------------------------------------------------------------------------------


def requirements(data: bytes) -> None:
    """A requirements file, read, and its specifications."""
    for line in read_requirements(Mapped.of(Source("f", _text(data)))):
        pip_spec(line.word)
        conda_spec(line.word)
    report = _lint({"Dockerfile": b"FROM python:3.8\nCOPY r.txt /r.txt\nRUN pip install -r /r.txt\n", "r.txt": data})
    assert report is not None
    _sound(report)


def _environment(name: str) -> Target:
    def target(data: bytes) -> None:
        report = _lint({name: data})
        if report is not None and not report.error:
            _sound(report)

    return target


def python_code(data: bytes) -> None:
    """SDK code, and an entry script."""
    report = _lint({"deploy.py": b"from azureml.core import Environment\n" + data})
    if report is not None and not report.error:
        _sound(report)
    program = parse_python(Mapped.of(Source("score.py", _text(data))))
    script = read_entry_script("score.py", program, ())
    missing_functions(script)
    list(newer_syntax(script))


# --- images --------------------------------------------------------------------------------------------------------------


def tar(data: bytes) -> None:
    """A tar, its names and contents."""
    from amlcheck.image.tar import FileStream, TarError, content, members

    stream = FileStream(io.BytesIO(data), len(data))
    try:
        for member in members(stream):
            content(member, stream) if member.size < 1 << 16 else None
    except TarError:
        pass


def layer(data: bytes) -> None:
    """A layer, packed or not, into an index."""
    from amlcheck.image.layer import Layer, read_index
    from amlcheck.image.tree import Wanted

    digest = "sha256:" + hashlib.sha256(data).hexdigest()
    made = Layer("the layer", digest, digest, len(data), lambda: io.BytesIO(data))
    try:
        read_index(made, Wanted(contents=("*",)))
    except UnreadableError:
        pass


def layer_index(data: bytes) -> None:
    """An index of a layer out of the cache."""
    import zlib

    from amlcheck.image import layer_file

    whole = layer_file._MAGIC + b"%08x\n" % zlib.crc32(data) + data
    try:
        layer_file.unpacked(whole)
    except (OSError, ValueError, KeyError, TypeError, IndexError, RecursionError, MemoryError):
        pass  # what LayerCache.get takes for a damaged entry


def archive(data: bytes) -> None:
    """A file that is said to be an image."""
    from amlcheck.image.archive import open_stored

    path = _folder() / "image.tar"
    path.write_bytes(data)
    for transport in ("docker-archive", "oci-archive"):
        try:
            open_stored(transport, str(path)).close()
        except AmlcheckError:
            pass


def manifest(data: bytes) -> None:
    """Manifests, indexes and configs as a registry answers them."""
    from amlcheck.image.config import parse_config
    from amlcheck.image.manifest import Index, parse_manifest

    kinds = (
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "",
    )
    for kind in kinds:
        try:
            found = parse_manifest(data, kind, "image")
            if isinstance(found, Index):
                found.choose("linux/amd64", "image")
        except AmlcheckError:
            pass
    try:
        config = parse_config(data, "image")
        _ = (config.path, config.platform)
    except AmlcheckError:
        pass


def challenge(data: bytes) -> None:
    """What a registry asks for, and references to it."""
    from amlcheck.image.registry_client import _challenges
    from amlcheck.reference import parse_reference

    _challenges(data.decode("latin-1"))
    found = parse_reference(_text(data))
    if found is not None:
        _ = (found.text, found.repository, found.is_scratch)


def credentials(data: bytes) -> None:
    """A config.json of docker."""
    from amlcheck.image.credentials import CredentialsError, find_credentials

    folder = _folder()
    (folder / "config.json").write_bytes(re.sub(rb"credHelpers|credsStore", b"none", data))
    try:
        find_credentials("registry.example.org", "a/b", True, {"DOCKER_CONFIG": str(folder), "HOME": str(folder)})
    except CredentialsError:
        pass


class _Shell:
    """A shell that has been sent a script and answers what it likes; `NONCE` in it is the mark of the session."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._pieces: list[tuple[int, bytes]] = []

    def send(self, data: bytes, until: float) -> None:
        nonce = re.search(rb"<%s\\n' ([0-9a-f]{32})", data)
        mark = nonce.group(1) if nonce is not None else b""
        for piece in self._data.split(b"\xff"):
            self._pieces.append((1 + (piece[:1] == b"e"), piece[1:].replace(b"NONCE", mark)))

    def receive(self, until: float) -> Sequence[tuple[int, bytes]]:
        from amlcheck.image.session import ClosedError

        if not self._pieces:
            raise ClosedError
        return [self._pieces.pop(0)]

    def close(self) -> None:
        self._pieces.clear()


def session(data: bytes) -> None:
    """The answers of a container's shell."""
    from amlcheck.image.image import CannotRunError
    from amlcheck.image.session import Session

    made = Session(_Shell(data))
    try:
        made.run("true")
        made.script("true", 1.0, 100)
    except CannotRunError:
        pass


def image_files(data: bytes) -> None:
    """The files that probes read, each made of the same bytes, through every probe."""
    from amlcheck.image.distributions import distributions, metadata_of
    from amlcheck.image.dpkg import system_packages
    from amlcheck.image.image import CannotRunError
    from amlcheck.image.os_release import line_of, parse_settings
    from amlcheck.image.tree import NotReadableError, UnseenError
    from amlcheck.image.words import exact, pep440, upstream
    from amlcheck.probing import load_probes
    from tree_of_dict import image_of, tree_of

    text = _text(data)
    parse_settings(text)
    line_of(text, "VERSION_ID")
    for ask in (upstream, exact, pep440):
        ask(text)
    parts = data.split(b"\xff")
    files = {path: parts[number % len(parts)] for number, path in enumerate(_PATHS)}
    tree = tree_of(files)
    system_packages(tree)
    for found in distributions(tree).values():
        for distribution in found:
            metadata_of(tree, distribution)
    words = _text(parts[-1]).split()
    image = image_of(files, env=dict(word.partition("=")[::2] for word in words), path=":".join(words[:3]))
    for probe in load_probes(_known()[0]).all:
        for ask_probe in [probe.testify] if probe.testify is not None else []:
            try:
                list(ask_probe(image.host, image))
            except (NotReadableError, UnseenError, CannotRunError):
                pass
        for check in probe.checks.values():
            try:
                list(check(image.host, image))
            except (NotReadableError, UnseenError, CannotRunError):
                pass


_PATHS = (
    "/etc/os-release",
    "/etc/lsb-release",
    "/var/lib/dpkg/status",
    "/var/lib/dpkg/status.d/a",
    "/lib/apk/db/installed",
    "/opt/conda/conda-meta/history",
    "/opt/conda/conda-meta/python-3.8.5-h1.json",
    "/usr/lib/python3/dist-packages/a-1.0.dist-info/METADATA",
    "/usr/lib/python3/dist-packages/a-1.0.dist-info/entry_points.txt",
    "/usr/local/cuda/version.json",
    "/usr/local/cuda/version.txt",
    "/usr/include/cudnn_version.h",
)


# --- deployments and results ------------------------------------------------------------------------------------------


def response(data: bytes) -> None:
    """What a server sends."""
    import time

    from amlcheck.deployment import asking
    from amlcheck.deployment.model import Request

    class Connection:
        """The end of a line on which these bytes come."""

        def __init__(self) -> None:
            self._file = io.BytesIO(data)

        def settimeout(self, seconds: float) -> None: ...

        def recv_into(self, buffer: bytearray) -> int:
            return self._file.readinto(buffer)

        def recv(self, size: int) -> bytes:
            return self._file.read(size)

    import http.client

    line = asking._Reader(Connection(), time.monotonic() + 60, 1 << 20)  # type: ignore[arg-type]
    try:
        asking._receive(line, Request(method="GET", path="/"), 1 << 16)
    except (http.client.HTTPException, ValueError, OverflowError, OSError):
        pass  # what ask() takes for something that is no HTTP


def log(data: bytes) -> None:
    """What a container writes: its tracebacks, and what they are taken for."""
    from amlcheck.deployment.failures import Observation, classify, known_failures
    from amlcheck.deployment.log import chains, lines_of, shown_crash, shown_lines, shown_traceback
    from amlcheck.deployment.model import Stage

    lines = lines_of(_text(data))
    for chain in chains(lines):
        shown_traceback(chain)
    shown_crash(lines)
    shown_lines(lines)
    classify(Observation(next(iter(Stage)), "container", log=_text(data)), known_failures())


def expectation(data: bytes) -> None:
    """What an answer is expected to be, and an answer."""
    from amlcheck.deployment.expectation import loads, parse_expectation
    from amlcheck.deployment.jsonpath import parse_path

    text = _text(data)
    for parse in (parse_expectation, parse_path):
        try:
            parse(text)
        except (AmlcheckError, ValueError):
            pass
    try:
        loads(data)
    except (ValueError, AmlcheckError):
        pass


def result(data: bytes) -> None:
    """A result of amlcheck, read back and written again."""
    from amlcheck.report.json_reader import parse

    try:
        report = parse(_text(data), "result.json")
    except AmlcheckError:
        return
    _render(report)


def rendering(data: bytes) -> None:
    """What stands in a file, shown in every format."""
    known, options = _known()
    try:
        report = lint_text(known, _text(data[:20]), decode(b"FROM ubuntu:20.04\n" + data, "f"), None, options)
    except UnreadableError:
        return
    _render(Report(options.profile.name, (report,)))


def _render(report: Report) -> None:
    for name in formats.MACHINE:
        formats.render(name, report).encode()


TARGETS: Mapping[str, Target] = {
    target.__name__: target
    for target in (
        reader,
        expansion,
        shell,
        dockerfile,
        dockerignore,
        requirements,
        python_code,
        tar,
        layer,
        layer_index,
    )
} | {
    "conda_file": _environment("environment.yml"),
    "inference_config": _environment("inferenceconfig.json"),
    "azureml_environment": _environment("azureml_environment.json"),
    "deployment_yaml": _environment("deployment.yml"),
    **{
        target.__name__: target
        for target in (archive, manifest, challenge, credentials, session, image_files, response, log, expectation)
    },
    "result": result,
    "rendering": rendering,
}
"""By name."""
