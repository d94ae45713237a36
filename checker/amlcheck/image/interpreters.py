"""The Pythons of an image: which one a plain `python` and Azure ML get, all others, and where each finds its packages."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from amlcheck.image.conda_prefixes import conda_packages, is_in_package_cache, record_of
from amlcheck.image.config import ImageConfig
from amlcheck.image.dpkg import system_packages
from amlcheck.image.image import Image
from amlcheck.image.programs import Program, find_programs, program_at
from amlcheck.image.remember import Itself, remembered
from amlcheck.image.survey import Sighting
from amlcheck.image.tree import Kind, NotReadableError, Tree, Wanted, normal
from amlcheck.image.words import brief, exact, series, text_of
from amlcheck.model import Evidence, Value, in_config, in_file
from amlcheck.records import dataclass
from amlcheck.regex import regex

AZURE_ML = "AZUREML_INFERENCE_PYTHON_PATH"
"""The variable with which Azure ML's server is told its Python."""
NAMES = ("python", "python3")
"""In the order in which they are asked for; Python 2 has the name python2 only where that is all it has."""
_BINARY = regex(r"python(?:[23](?:\.\d{1,2})?)?")
_SEARCH = "[23][.][0-9]+[.][0-9]+"
WANTED = Wanted(
    contents=("*/pyvenv.cfg", "*/include/python*/patchlevel.h", "*/.pyenv/version", "*/shims/python*"),
    names=("*/bin/python", "*/bin/python[23]", "*/bin/python[23].*"),
    searches=(("*/bin/python[23].*", _SEARCH), ("*/libpython[23].*.so.1.0", _SEARCH)),
)


@dataclass(frozen=True, slots=True)
class Interpreter:
    """One Python: the program that starts it, and the prefix that is its own."""

    program: Program
    place: str
    """The prefix: of a virtual environment that, not the one of the Python it was made with."""
    base: str
    """The prefix of the standard library; the same as `place` but for virtual environments."""
    series: str
    """"3.10", or "" where nothing tells."""

    @property
    def is_environment(self) -> bool:
        return self.place != self.base


@dataclass(frozen=True, slots=True)
class Counting:
    """Which Python counts: the one that a plain `python` starts, or those of which any may be it."""

    candidates: tuple[Interpreter, ...]
    on_path: bool = True
    evidence: Evidence | None = None
    """What chose it, where that is not PATH."""
    reason: str = ""
    """Why it is not known which one counts, or what counts; empty where it is known."""

    @property
    def only(self) -> Interpreter | None:
        return self.candidates[0] if len(self.candidates) == 1 and not self.reason else None


def counting(image: Image) -> Counting:
    """The Python that Azure ML gets."""
    return _counting(image.files, Itself(image.config))


@remembered
def _counting(tree: Tree, told_config: Itself) -> Counting:
    config: ImageConfig = told_config.value
    chosen = config.env.get(AZURE_ML, "")
    if chosen:
        evidence = in_config(f"Env.{AZURE_ML}", brief(chosen))
        program = program_at(tree, chosen) if chosen.startswith("/") else None
        told = _interpreter(tree, program) if program is not None else None
        if told is not None:
            return Counting((told,), evidence=evidence)
        return Counting((), evidence=evidence, reason=f"{AZURE_ML} names {brief(chosen)}, and no Python is there")
    if not config.known:
        return _without_config(tree)
    for name in NAMES:
        for program in find_programs(tree, config, name):
            program_behind = _behind_shim(tree, config, program, name)
            if program_behind is None:
                continue
            told = _interpreter(tree, program_behind)
            if told is not None:
                return Counting((told,))
            return Counting((), reason=f"{program.evidence_text} is no Python that files can tell anything of")
    others = all_interpreters(tree)
    if len({item.place for item in others}) > 1:
        return Counting((), on_path=False, reason="several Pythons are in the image, and PATH leads to none of them")
    return Counting(tuple(others[:1]), on_path=False)


def _without_config(tree: Tree) -> Counting:
    """A bare root file system has no PATH: any Python may be the one."""
    others = all_interpreters(tree)
    reason = "" if len(others) <= 1 else "without the image's PATH any Python may be the one"
    return Counting(tuple(others), reason=reason)


@remembered
def all_interpreters(tree: Tree) -> tuple[Interpreter, ...]:
    """Every Python of the image, one a prefix; of several series in one prefix, each."""
    found: dict[tuple[str, str], Interpreter] = {}
    for entry in tree.find(*WANTED.names):
        if not _BINARY.fullmatch(entry.name) or is_in_package_cache(tree, entry.path):
            continue
        program = program_at(tree, entry.path)
        told = _interpreter(tree, program) if program is not None else None
        if told is not None:
            found.setdefault((told.place, told.series), told)
    return tuple(found.values())


def _interpreter(tree: Tree, program: Program) -> Interpreter | None:
    """The Python behind a program; None where it is none (a script, say)."""
    beside = tree.stat(posixpath.dirname(program.path))
    here = posixpath.dirname(beside.path) if beside is not None else posixpath.dirname(posixpath.dirname(program.path))
    real = posixpath.dirname(posixpath.dirname(program.file.path))
    if not _BINARY.match(program.file.name):
        return None
    if tree.stat(posixpath.join(here, "pyvenv.cfg")) is not None:
        base = real if real != here else _home(tree, here) or here
        return Interpreter(program, here, base, _series(tree, program, base) or _series(tree, program, here))
    stated = _series(tree, program, real)
    if not stated and not _has_library(tree, real):
        return None
    return Interpreter(program, real, real, stated)


def _home(tree: Tree, environment: str) -> str:
    """The prefix that a virtual environment's settings name as the one it was made with."""
    home = _settings(tree, environment).get("home", "")
    entry = tree.stat(home) if home.startswith("/") else None
    return posixpath.dirname(entry.path) if entry is not None else ""


@remembered
def _settings(tree: Tree, environment: str) -> dict[str, str]:
    try:
        text = text_of(tree, posixpath.join(environment, "pyvenv.cfg"))
    except NotReadableError:
        return {}
    pairs = (line.partition("=") for line in text.splitlines())
    return {name.strip().lower(): value.strip() for name, equals, value in pairs if equals}


def _series(tree: Tree, program: Program, prefix: str) -> str:
    """For example "3.10": by the program's name, by conda's record, or by the only standard library there is."""
    match = re.fullmatch(r"python([23]\.\d{1,2})", program.file.name)
    if match is not None:
        return match.group(1)
    package = conda_packages(tree).get(prefix, {}).get("python")
    told = series(package.version) if package is not None else None
    if told is not None and told.versions is not None:
        return told.versions.text
    libraries = [name.removeprefix("python") for name in _libraries(tree, prefix)]
    wanted = program.file.name.removeprefix("python")
    fitting = [name for name in libraries if name.startswith(wanted)]
    return fitting[0] if len(fitting) == 1 else ""


@remembered
def _libraries(tree: Tree, prefix: str) -> tuple[str, ...]:
    """The folders of standard libraries in a prefix: "python3.10"."""
    names = {name for folder in ("lib", "lib64") for name in tree.names(posixpath.join(prefix, folder))}
    return tuple(sorted(name for name in names if re.fullmatch(r"python[23]\.\d{1,2}", name)))


def _has_library(tree: Tree, prefix: str) -> bool:
    return bool(_libraries(tree, prefix))


def _behind_shim(tree: Tree, config: ImageConfig, program: Program, name: str) -> Program | None:
    """What pyenv's shim starts, by its settings; the program itself where it is none; None where PATH goes on."""
    folder = posixpath.dirname(program.file.path)
    if posixpath.basename(folder) != "shims":
        return program
    root = posixpath.dirname(folder)
    chosen = config.env.get("PYENV_VERSION", "")
    if not chosen:
        try:
            chosen = text_of(tree, posixpath.join(root, "version"))
        except NotReadableError:
            return None
    for version in re.split(r"[:\s]+", chosen.strip()):
        if version == "system":
            return None
        if re.fullmatch(r"[\w.+-]+", version):
            started = program_at(tree, posixpath.join(root, "versions", version, "bin", name))
            if started is not None:
                return started
    return None


def sightings(image: Image, told: Interpreter, used: bool, note: str = "") -> Iterator[Sighting]:
    """What each file says of the version of one Python, the most exact ones first."""
    tree = image.files
    for value, evidence in _versions(tree, told, image.config):
        yield Sighting(value, (evidence,), told.place, used, note)


def _versions(tree: Tree, told: Interpreter, config: ImageConfig) -> Iterator[tuple[Value, Evidence]]:
    package = conda_packages(tree).get(told.base, {}).get("python")
    if package is not None:
        package, words = record_of(tree, package)
        yield from _if_told(exact(package.version), in_file(package.path, words))
    if told.base == "/usr":
        yield from _of_system(tree, told)
    yield from _of_headers(tree, told)
    if told.base == "/usr/local" and "PYTHON_VERSION" in config.env:  # as Docker's official images state it
        stated = config.env["PYTHON_VERSION"]
        yield from _if_told(exact(stated), in_config("Env.PYTHON_VERSION", brief(stated)))
    if told.is_environment:
        path = posixpath.join(told.place, "pyvenv.cfg")
        for key in ("version", "version_info"):
            if key in _settings(tree, told.place):
                words = _settings(tree, told.place)[key]
                # The Python that it was made with may have got a newer patch since: only its series is stated here.
                yield from _if_told(series(words), in_file(path, brief(f"{key} = {words}")))
    if told.series:
        yield from _if_told(series(told.series), in_file(told.program.file.path, told.program.evidence_text))


def _if_told(value: Value | None, evidence: Evidence) -> Iterator[tuple[Value, Evidence]]:
    if value is not None:
        yield value, evidence


def _of_system(tree: Tree, told: Interpreter) -> Iterator[tuple[Value, Evidence]]:
    """The package of the system that has this interpreter."""
    try:
        packages = system_packages(tree)
    except NotReadableError:
        return
    for name in (f"python{told.series}-minimal", f"python{told.series}", "python3-minimal", "python3"):
        package = packages.get(name)
        value = exact(package.version) if package is not None else None
        fits = value is not None and _fits(value, told.series)
        if package is not None and value is not None and fits:
            yield value, in_file(package.path, brief(f"{package.name} {package.version}"))
            return


def _fits(value: Value, stated: str) -> bool:
    other = series(stated) if stated else None
    if other is None or other.versions is None or value.versions is None:
        return False
    return value.versions <= other.versions


def _of_headers(tree: Tree, told: Interpreter) -> Iterator[tuple[Value, Evidence]]:
    folder = posixpath.join(told.base, "include")
    for name in tree.names(folder):
        if not told.series or not re.fullmatch(rf"python{re.escape(told.series)}[a-z]*", name):
            continue
        path = posixpath.join(folder, name, "patchlevel.h")
        try:
            match = re.search(r'^#define\s+PY_VERSION\s+"([^"\n]+)"', text_of(tree, path), re.MULTILINE)
        except NotReadableError:
            continue
        if match is not None:
            yield from _if_told(exact(match.group(1)), in_file(path, brief(match.group(0))))


def patch_in_binary(tree: Tree, told: Interpreter) -> tuple[Value, Evidence] | None:
    """The version that the program or its shared library carries, where nothing else states more than the series."""
    if not told.series:
        return None
    libraries = [
        posixpath.join(told.base, folder, f"libpython{told.series}{abi}.so.1.0")
        for folder in ("lib", "lib64", "lib/x86_64-linux-gnu")
        for abi in ("", "m")
    ]
    for path in (told.program.file.path, *(item for item in libraries if tree.stat(item) is not None)):
        try:
            matches = tree.search(path, _SEARCH)
        except NotReadableError:
            continue
        fitting = sorted({match for match in matches if match.startswith(f"{told.series}.")})
        value = exact(fitting[0]) if len(fitting) == 1 else None
        if value is not None:
            return value, in_file(path, fitting[0], "in the program")
    return None


def package_folders(image: Image, told: Interpreter) -> list[str]:
    """Where a Python looks for installed packages, in its order; folders that are links by what they lead to."""
    return list(_package_folders(image.files, Itself(image.config), told))


@remembered
def _package_folders(tree: Tree, told_config: Itself, told: Interpreter) -> tuple[str, ...]:
    config: ImageConfig = told_config.value
    named = [normal(folder) for folder in config.env.get("PYTHONPATH", "").split(":") if folder.startswith("/")]
    library = f"python{told.series}"
    own = [posixpath.join(told.place, lib, library, "site-packages") for lib in ("lib", "lib64")]
    shared = _settings(tree, told.place).get("include-system-site-packages", "").lower() == "true"
    if told.is_environment and shared:
        own += [posixpath.join(told.base, lib, library, "site-packages") for lib in ("lib", "lib64")]
    if not told.is_environment or shared:
        user = posixpath.join(home_folder(tree, config), ".local/lib", library, "site-packages")
        own = [user, *own] if not told.is_environment else [*own, user]
        if told.base == "/usr":
            major = told.series.partition(".")[0]
            own += [f"/usr/local/lib/{library}/{name}" for name in ("dist-packages", "site-packages")]
            own += [f"/usr/lib/python{major}/dist-packages", f"/usr/lib/{library}/dist-packages"]
    found: list[str] = []
    for folder in [*named, *own]:
        entry = tree.stat(folder)
        if entry is not None and entry.kind is Kind.DIRECTORY and entry.path not in found:
            found.append(entry.path)
    return tuple(found)


def home_folder(tree: Tree, config: ImageConfig) -> str:
    """The home of the user that the image runs as."""
    user = config.user.partition(":")[0] or "root"
    if "HOME" in config.env:
        return normal(config.env["HOME"])
    try:
        lines = text_of(tree, "/etc/passwd").splitlines()
    except NotReadableError:
        lines = []
    for line in lines:
        fields = line.split(":")
        if len(fields) >= 6 and user in (fields[0], fields[2]):
            return normal(fields[5])
    return "/root" if user in ("root", "0") else "/home/" + user
