"""An inference server that can be imported

Follows what the server's package needs through the metadata of every package, and compares it with what is installed in
the Python that counts. Where the files leave it open, a child process imports what the server imports when it starts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from packaging.version import InvalidVersion, Version

from amlcheck.catalog import catalog
from amlcheck.image.distributions import CONTENTS, Distribution
from amlcheck.image.environment import WANTED as ENVIRONMENT
from amlcheck.image.environment import Installed, installed
from amlcheck.image.image import CannotRunError, Image
from amlcheck.image.interpreters import Interpreter, counting, sightings
from amlcheck.image.servers import standing
from amlcheck.image.survey import Sighting
from amlcheck.image.tree import Wanted
from amlcheck.image.words import brief, pep440
from amlcheck.knowledge import Server
from amlcheck.model import ABSENT, Evidence, Unknown, Value, in_file, in_output

if TYPE_CHECKING:
    from testinfra.host import Host

COMPONENT = "inference-server"
_IMPORT_SECONDS = 30
"""A cold import of the server and all it needs takes 1-3 s."""
WANTED = Wanted(contents=(*CONTENTS, "*.egg-info/requires.txt")) | ENVIRONMENT
SEARCHED = "azureml-inference-server-http and azureml-defaults in every Python"


def testify(host: Host, image: Image) -> Iterator[Sighting | Unknown]:
    """The server's own package, else what azureml-defaults brings."""
    own = list(installed(image, "azureml-inference-server-http"))
    through = list(installed(image, "azureml-defaults"))
    used = [item for item in (*own, *through) if isinstance(item, Installed) and item.used]
    if not used:
        for item in (*own, *through):
            if isinstance(item, Unknown):
                yield Unknown(COMPONENT, item.reason, item.evidence)
                return
        return
    item = used[0]
    python = counting(image).candidates[0]
    server = _server(item)
    if server is None:
        yield _without_server(image, item, through)
        return
    yield from _examined(host, image, python, server, item)
    for other in own:
        if isinstance(other, Installed) and not other.used:
            evidence = in_file(other.distribution.path, brief(f"Version: {other.version}"))
            value = Value(True, "azureml-inference-server-http", pep440(other.version).versions)
            yield Sighting(value, (evidence,), other.distribution.prefix, used=False)


def _server(item: Installed) -> Server | None:
    try:
        version = Version(item.version[:100])
    except InvalidVersion:
        return None
    return next(
        (
            server
            for server in catalog().knowledge.servers
            if server.package == item.distribution.name and version in server.versions
        ),
        None,
    )


def _without_server(image: Image, item: Installed, through: list[Installed | Unknown]) -> Sighting | Unknown:
    """azureml-defaults is there and brings no server of its own; or the one it needs is missing."""
    evidence = in_file(item.distribution.path, brief(f"Version: {item.version}"))
    name = item.distribution.name
    ranges = [known for known in catalog().knowledge.defaults if _within(item.version, known.versions)]
    if name != "azureml-defaults" or not ranges:
        return Unknown(COMPONENT, f"what {name} {brief(item.version)} brings is not known", (evidence,))
    if ranges[0].server == "none":
        note = f"azureml-defaults {brief(item.version)} brings no web server: it cannot serve"
    else:
        note = f"azureml-defaults {brief(item.version)} needs {ranges[0].server}, which is not installed"
    return Sighting(ABSENT, (evidence,), item.distribution.prefix, note=note, final=True)


def _within(version: str, versions: object) -> bool:
    try:
        return Version(version[:100]) in versions  # type: ignore[operator]
    except InvalidVersion:
        return False


def _examined(
    host: Host, image: Image, python: Interpreter, server: Server, item: Installed
) -> Iterator[Sighting | Unknown]:
    version = _python_version(image, python)
    told = standing(image, python, version, server, item.distribution)
    evidence = in_file(item.distribution.path, brief(f"Version: {item.version}"))
    place = item.distribution.prefix
    flask = server.family == "flask"
    value = Value(True, server.family, None if flask else pep440(item.version).versions)
    if told.broken:
        reason, witness = told.broken[0]
        note = f"{_named(item)} is installed and cannot be imported: {reason}"
        chain: tuple[Evidence, ...] = (evidence,) if witness is None or witness == evidence else (witness, evidence)
        yield Sighting(ABSENT, chain, place, note=note, final=True)
        return
    if not told.open:
        yield Sighting(value, (evidence, *_shown(told.found, server)), place)
        return
    try:
        yield _imported(host, python, server, item, value, evidence)
    except CannotRunError as error:
        reason = f"{_named(item)} may not be importable: {told.open[0]}; trying it is not possible: {error}"
        yield Unknown(COMPONENT, reason, (evidence,))


def _named(item: Installed) -> str:
    return f"{item.distribution.name} {brief(item.version)}"


def _shown(found: Mapping[str, tuple[Distribution, object]], server: Server) -> list[Evidence]:
    """The parts of the server that were found, as evidence."""
    return [
        in_file(found[name][0].path, f"{name} {found[name][0].version}", "needed by it")
        for name in ("flask", "gunicorn")
        if name in found and name in server.needs
    ]


def _python_version(image: Image, python: Interpreter) -> str:
    texts = [item.value.versions.text for item in sightings(image, python, used=True) if item.value.versions]
    return max(texts, key=lambda text: text.count("."), default=python.series)


def _imported(
    host: Host, python: Interpreter, server: Server, item: Installed, value: Value, evidence: Evidence
) -> Sighting | Unknown:
    """What a child process says that imports what the server imports when it starts."""
    statement = f"import {', '.join(server.imports)}"
    if server.package == "azureml-inference-server-http":
        # The package puts its own folder `server` on sys.path, in older releases only when it is started as a program.
        statement = (
            "import os, sys, azureml_inference_server_http as s;"
            " sys.path.append(os.path.join(os.path.dirname(s.__file__), 'server')); " + statement
        )
    result = host.run("timeout %s %s -B -c %s", str(_IMPORT_SECONDS), python.program.path, statement)
    command = f"{python.program.path} -c {statement!r}"
    place = item.distribution.prefix
    if result.rc == 0:
        return Sighting(value, (in_output(command, "imported"), evidence), place)
    lines = (result.stderr.strip() or result.stdout.strip()).splitlines()
    last = brief(lines[-1]) if lines else f"exit status {result.rc}"
    if result.rc in (124, 126, 127, 137) or not lines:
        return Unknown(COMPONENT, f"whether {_named(item)} can be imported is not known: {last}", (evidence,))
    note = f"{_named(item)} is installed and cannot be imported: {last}"
    return Sighting(ABSENT, (in_output(command, last), evidence), place, note=note, final=True)
