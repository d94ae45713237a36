"""NCCL

Reads nccl.h, the names of the library's files, the packages of the system, of conda and of pip, Env NCCL_VERSION, and the
words "NCCL version …" inside the library where nothing else tells.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from amlcheck.image.conda_prefixes import PACKAGES, is_in_package_cache
from amlcheck.image.distributions import CONTENTS as METADATA
from amlcheck.image.dpkg import CONTENTS as SYSTEM
from amlcheck.image.image import Image
from amlcheck.image.libraries import defines, environment_is_used, of_config, prefix_of_library
from amlcheck.image.packaged import packages_of
from amlcheck.image.survey import Sighting
from amlcheck.image.tree import Entry, Kind, NotReadableError, Tree, Wanted
from amlcheck.image.words import brief, exact, series
from amlcheck.model import Evidence, Unknown, Value, in_file
from amlcheck.regex import regex

if TYPE_CHECKING:
    from testinfra.host import Host

VARIABLES = ("NCCL_VERSION", "NV_LIBNCCL_PACKAGE_VERSION")
_HEADERS = ("*/nccl.h",)
_LIBRARIES = ("*/libnccl.so.*",)
_WORDS = "NCCL version [0-9]+[.][0-9]+[.][0-9]+[+a-z0-9.]*"
_DEFINED = ("NCCL_MAJOR", "NCCL_MINOR", "NCCL_PATCH")
_LIBRARY = regex(r"libnccl\.so\.(\d+(?:\.\d+)*)")
WANTED = Wanted(
    contents=(*SYSTEM, PACKAGES, *METADATA, *_HEADERS),
    names=_LIBRARIES,
    searches=tuple((pattern, _WORDS) for pattern in _LIBRARIES),
)
SEARCHED = "nccl.h and libnccl.so.* anywhere, the packages of the system, of conda and of pip, and Env.NCCL_VERSION"


def testify(host: Host, image: Image) -> Iterator[Sighting | Unknown]:
    """Every NCCL, and what the image's config says of the system's one."""
    places = []
    for item in _of_files(image):
        if isinstance(item, Sighting):
            places.append(item.installation)
        yield item
    yield from of_config(image, VARIABLES, (), "/usr", 0, places)


def _of_files(image: Image) -> Iterator[Sighting | Unknown]:
    tree, exactly_known = image.files, set()
    for item in _of_headers_and_packages(image):
        if isinstance(item, Sighting):
            exactly_known.add(item.installation)
        yield item
    seen = set()
    for entry in sorted(tree.find(*_LIBRARIES), key=lambda item: -len(item.name)):
        file = tree.stat(entry.path)
        if file is None or file.kind is not Kind.FILE or is_in_package_cache(tree, entry.path) or file.path in seen:
            continue
        seen.add(file.path)
        place = prefix_of_library(file.path)
        told = _of_library(tree, entry, searched=place not in exactly_known)
        if told is not None:
            yield Sighting(told[0], (told[1],), place, environment_is_used(image, place))


def _of_headers_and_packages(image: Image) -> Iterator[Sighting | Unknown]:
    for entry in image.files.find(*_HEADERS):
        told = defines(image.files, entry.path, _DEFINED)
        value = exact(told[0]) if told is not None else None
        if told is None or value is None or is_in_package_cache(image.files, entry.path):
            continue
        place = prefix_of_library(entry.path)
        yield Sighting(value, (in_file(entry.path, told[1]),), place, environment_is_used(image, place))
    for package in packages_of(image, "nccl"):
        if isinstance(package, Unknown):
            yield package
            continue
        used = environment_is_used(image, package.place)
        yield Sighting(package.value, (package.evidence,), package.place, used)


def _of_library(tree: Tree, entry: Entry, searched: bool) -> tuple[Value, Evidence] | None:
    """By the long name; by the words inside, unless a header or a package tells already."""
    match = _LIBRARY.fullmatch(entry.name)
    if match is None:
        return None
    if match.group(1).count(".") >= 2:
        value = exact(match.group(1))
        return (value, in_file(entry.path, entry.name)) if value is not None else None
    if searched:
        try:
            words = tree.search(entry.path, _WORDS)
        except NotReadableError:
            words = []
        value = exact(words[0].removeprefix("NCCL version ")) if len(set(words)) == 1 else None
        if value is not None:
            return value, in_file(entry.path, brief(words[0]))
    value = series(match.group(1))
    return (value, in_file(entry.path, entry.name)) if value is not None else None
