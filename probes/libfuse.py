"""libfuse

Reads the packages of the system and of conda, and the library's files; `fusermount -V` where they tell no version. The
library and the program `fusermount` are two things: mounting a dataset needs both.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from amlcheck.image.conda_prefixes import PACKAGES, is_in_package_cache
from amlcheck.image.dpkg import CONTENTS, system_packages
from amlcheck.image.image import Image
from amlcheck.image.packaged import Packaged, packages_of
from amlcheck.image.programs import ask, find_program
from amlcheck.image.survey import Sighting
from amlcheck.image.tree import Entry, Kind, Tree, Wanted
from amlcheck.image.words import exact
from amlcheck.model import PRESENT, Evidence, Notice, Unknown, Value, in_file
from amlcheck.regex import regex

if TYPE_CHECKING:
    from testinfra.host import Host

_PROGRAMS = ("fusermount", "fusermount3")
_LIBRARY = regex(r"libfuse(?P<generation>3?)\.so\.(?P<version>[23](?:\.\d+)*)")
_LIBRARIES = ("*/libfuse.so.2*", "*/libfuse3.so.*")
WANTED = Wanted(contents=(*CONTENTS, PACKAGES), names=(*_LIBRARIES, "*/bin/fusermount", "*/bin/fusermount3"))
SEARCHED = "the packages of the system and of conda, libfuse.so.2* and libfuse3.so.* anywhere"


def testify(host: Host, image: Image) -> Iterator[Sighting | Unknown]:
    """The library of each generation, as packages and files have it."""
    seen = list(_seen(image))
    yield from seen
    sightings = [item for item in seen if isinstance(item, Sighting)]
    for name in _PROGRAMS:
        generation = "libfuse3" if name.endswith("3") else "libfuse2"
        here = [item for item in sightings if item.installation == generation]
        started = find_program(image.files, image.config, name)
        if started is not None and here and all(item.value.versions is None for item in here):
            told = ask(host, started.path, "-V")
            match = re.search(r"version:?\s+(\d\S*)", told.text) if told is not None else None
            value = exact(match.group(1)) if match is not None else None
            if told is not None and value is not None:
                yield Sighting(value, (told.evidence(),), generation)
        if started is not None and not sightings:
            yield Unknown(
                "libfuse",
                f"{name} is there, and the library that it stands for is not",
                (in_file(started.path, started.evidence_text),),
            )


def _seen(image: Image) -> Iterator[Sighting | Unknown]:
    for package in packages_of(image, "libfuse"):
        if isinstance(package, Unknown):
            yield package
        else:
            yield Sighting(package.value, (package.evidence,), _generation(package))
    for entry, generation, value in _libraries(image.files):
        yield Sighting(value, (in_file(entry.path, entry.name),), generation)


def _generation(package: Packaged) -> str:
    """Both generations may stand side by side: each is an installation of its own."""
    if package.manager == "conda":
        return package.place
    version = package.value.versions
    newer = version is not None and version.lowest is not None and version.lowest.major >= 3
    return "libfuse3" if newer or "3" in package.name else "libfuse2"


def _libraries(tree: Tree) -> Iterator[tuple[Entry, str, Value]]:
    for entry in tree.find(*_LIBRARIES):
        match = _LIBRARY.fullmatch(entry.name)
        file = tree.stat(entry.path)
        if match is None or file is None or file.kind is not Kind.FILE or is_in_package_cache(tree, entry.path):
            continue
        version = match.group("version")
        value = exact(version) if "." in version else None
        yield entry, "libfuse3" if match.group("generation") else "libfuse2", value or PRESENT


def check_half(host: Host, image: Image) -> Iterator[Notice]:
    """The library without the program that mounts, or the program without the library's package."""
    library = next((item for item in _seen(image) if isinstance(item, Sighting)), None)
    program = _mounting_program(image)
    if library is not None and program is None:
        yield Notice("libfuse is there, but not fusermount: mounting a dataset fails", related=library.evidence)
    packages = system_packages(image.files)
    headers = "libfuse-dev" in packages or "libfuse3-dev" in packages or "fuse-dev" in packages
    if program is not None and not headers and packages:
        yield Notice(
            "fusermount is there, but not libfuse-dev, which the documents ask for where datasets are used",
            related=(program,),
        )


def _mounting_program(image: Image) -> Evidence | None:
    """Fusermount in a folder that programs are started from; set-uid where a user other than root mounts."""
    for name in _PROGRAMS:
        started = find_program(image.files, image.config, name)
        if started is not None:
            return in_file(started.path, started.evidence_text)
    return None


CHECKS = {"AML206": check_half}
