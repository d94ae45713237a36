"""Ubuntu

Reads /etc/os-release (else /usr/lib/os-release) and /etc/lsb-release. The system is Ubuntu where ID says so; a release
number alone is none, and a distribution made of Ubuntu (`ID_LIKE=ubuntu`) is another system.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING

from amlcheck.catalog import catalog
from amlcheck.image.image import Image
from amlcheck.image.os_release import LSB, MAX_BYTES, PATHS, line_of, parse_settings
from amlcheck.image.survey import Sighting, conclude
from amlcheck.image.tree import NotReadableError, Tree, Wanted
from amlcheck.image.words import brief, series, text_of
from amlcheck.model import Fact, Notice, Unknown, Value, in_file

if TYPE_CHECKING:
    from testinfra.host import Host

WANTED = Wanted(contents=(*PATHS, LSB))
SEARCHED = "/etc/os-release, /usr/lib/os-release and /etc/lsb-release"


def testify(host: Host, image: Image) -> Iterator[Sighting | Unknown]:
    """The system and its release, as each of the files says."""
    yield from _release_files(image.files)


def _release_files(tree: Tree) -> Iterator[Sighting | Unknown]:
    for path in PATHS:
        if tree.stat(path) is not None:
            yield _sighting(tree, path, "ID", "VERSION_ID")
            break
    if tree.stat(LSB) is not None:
        yield _sighting(tree, LSB, "DISTRIB_ID", "DISTRIB_RELEASE")


def _sighting(tree: Tree, path: str, name_key: str, release_key: str) -> Sighting | Unknown:
    try:
        text = text_of(tree, path, MAX_BYTES)
    except NotReadableError as error:
        return Unknown("ubuntu", str(error))
    settings = parse_settings(text)
    name, release = settings.get(name_key, "").lower(), settings.get(release_key, "")
    evidence = in_file(path, brief("; ".join(line_of(text, key) for key in (name_key, release_key) if key in settings)))
    if not name:
        return Unknown("ubuntu", f"{path} does not say which system it is: it has no {name_key}", (evidence,))
    family = "" if name == "ubuntu" else catalog().knowledge.distribution(brief(name))
    value = series(release, 2, family)
    return Sighting(value if value is not None else Value(True, family), (evidence,))


def check_end_of_life(host: Host, image: Image) -> Iterator[Notice]:
    """The release's end of life, compared with today."""
    told = conclude("ubuntu", _release_files(image.files), SEARCHED).testimony
    release = catalog().knowledge.release(told.value) if isinstance(told, Fact) else None
    if release is None or release.end_of_life is None or release.end_of_life >= date.today():
        return
    name = release.name if release.distribution != "ubuntu" else f"Ubuntu {release.version}"
    yield Notice(f"{name} is past its end of life since {release.end_of_life}", related=told.evidence)


CHECKS = {"AML205": check_end_of_life}
