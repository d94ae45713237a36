"""cuDNN

Reads the headers cudnn_version.h and cudnn.h, the names of the library's files, the packages of the system, of conda and of
pip, Env NV_CUDNN_VERSION and NVIDIA's label. The library itself is never loaded: it can end the process that does.
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
from amlcheck.image.tree import Kind, Wanted
from amlcheck.image.words import series
from amlcheck.model import Unknown, in_file
from amlcheck.regex import regex

if TYPE_CHECKING:
    from testinfra.host import Host

VARIABLES = ("NV_CUDNN_VERSION", "CUDNN_VERSION")
LABELS = ("com.nvidia.cudnn.version",)
_HEADERS = ("*/cudnn_version*.h", "*/cudnn.h", "*/cudnn_v[0-9].h")
_LIBRARIES = ("*/libcudnn.so.*",)
_DEFINED = ("CUDNN_MAJOR", "CUDNN_MINOR", "CUDNN_PATCHLEVEL")
_LIBRARY = regex(r"libcudnn\.so\.(\d+(?:\.\d+)*)")
_ALL = 6
WANTED = Wanted(contents=(*SYSTEM, PACKAGES, *METADATA, *_HEADERS), names=_LIBRARIES)
SEARCHED = "cudnn_version.h, cudnn.h and libcudnn.so.* anywhere, packages, Env.NV_CUDNN_VERSION and NVIDIA's label"


def testify(host: Host, image: Image) -> Iterator[Sighting | Unknown]:
    """Every cuDNN, and what the image's config says of the system's one."""
    places = []
    for item in _of_files(image):
        if isinstance(item, Sighting):
            places.append(item.installation)
        yield item
    yield from of_config(image, VARIABLES, LABELS, "/usr", 0, places)


def _of_files(image: Image) -> Iterator[Sighting | Unknown]:
    tree = image.files
    for entry in tree.find(*_HEADERS):
        file = tree.stat(entry.path)
        told = defines(tree, entry.path, _DEFINED) if file is not None and file.kind is Kind.FILE else None
        value = series(told[0], _ALL) if told is not None else None
        if file is None or told is None or value is None or is_in_package_cache(tree, entry.path):
            continue
        place = prefix_of_library(file.path)
        yield Sighting(value, (in_file(entry.path, told[1]),), place, environment_is_used(image, place))
    for entry in tree.find(*_LIBRARIES):
        match = _LIBRARY.fullmatch(entry.name)
        file = tree.stat(entry.path)
        if match is None or file is None or file.kind is not Kind.FILE or is_in_package_cache(tree, entry.path):
            continue
        value = series(match.group(1), _ALL)
        place = prefix_of_library(file.path)
        if value is not None:
            yield Sighting(value, (in_file(entry.path, entry.name),), place, environment_is_used(image, place))
    for package in packages_of(image, "cudnn"):
        if isinstance(package, Unknown):
            yield package
            continue
        used = environment_is_used(image, package.place)
        yield Sighting(package.value, (package.evidence,), package.place, used)
