"""CUDA

Reads version.json or version.txt of each toolkit, its header, the names of its libraries, the packages of the system, of
conda and of pip, and Env CUDA_VERSION; `nvcc --version` where they tell nothing. Only major and minor number are compared: the
third differs between the toolkit, its parts and the variable.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from amlcheck.image.conda_prefixes import PACKAGES, is_in_package_cache
from amlcheck.image.distributions import CONTENTS as METADATA
from amlcheck.image.dpkg import CONTENTS as SYSTEM
from amlcheck.image.image import Image
from amlcheck.image.libraries import environment_is_used, of_config, prefix_of_library
from amlcheck.image.packaged import Packaged, packages_of
from amlcheck.image.programs import ask, find_program
from amlcheck.image.survey import Sighting
from amlcheck.image.tree import Kind, NotReadableError, Tree, Wanted
from amlcheck.image.words import brief, series, text_of
from amlcheck.model import PRESENT, Evidence, Unknown, Value, in_file
from amlcheck.regex import regex

if TYPE_CHECKING:
    from testinfra.host import Host

HOME = "/usr/local/cuda"
VARIABLES = ("CUDA_VERSION", "NV_CUDA_CUDART_VERSION")
_TOOLKITS = tuple(f"/{place}/version.{kind}" for place in ("usr/local/cuda*", "opt/*cuda*") for kind in ("json", "txt"))
_HEADERS = ("*/cuda_runtime_api.h",)
_MAX_HEADER = 4 << 20
"""Bytes; cuda_runtime_api.h of CUDA 12 has 0.7 MB."""
_LIBRARIES = ("*/libcudart.so.*", "*/libcudart-*.so.*")
"""The second is how wheels that bring the library with them rename it."""
WANTED = Wanted(contents=(*SYSTEM, PACKAGES, *METADATA, *_TOOLKITS, *_HEADERS), names=_LIBRARIES)
SEARCHED = f"{HOME}*, libcudart.so.* anywhere, the packages of the system, of conda and of pip, and Env.CUDA_VERSION"
_LIBRARY = regex(r"libcudart(?:-[0-9a-f]+)?\.so\.(?P<version>(?P<major>\d+)(?:\.\d+)*)")
_PARTS = 2
_LAST_PLAIN_SONAME = 10
"""Up to this major version the library's short name is the release; later it is libcudart.so.11.0 for every 11.x."""


def testify(host: Host, image: Image) -> Iterator[Sighting | Unknown]:
    """Every toolkit and runtime, and what the image's config says of the system's one."""
    seen = list(_of_files(image))
    yield from seen
    sightings = [item for item in seen if isinstance(item, Sighting)]
    main = _main(image.files)
    yield from of_config(image, VARIABLES, (), main, _PARTS, [item.installation for item in sightings])
    if not sightings or all(item.value.versions is None for item in sightings):
        yield from _of_compiler(host, image)


def _main(tree: Tree) -> str:
    """The folder that /usr/local/cuda leads to."""
    entry = tree.stat(HOME)
    return entry.path if entry is not None else HOME


def _of_files(image: Image) -> Iterator[Sighting | Unknown]:
    tree = image.files
    main = _main(tree)
    linked = tree.stat(HOME) is not None

    def sighting(value: Value, evidence: Evidence, place: str) -> Sighting:
        used = place == main or (not (linked and _is_toolkit(place)) and environment_is_used(image, place))
        return Sighting(value, (evidence,), place, used)

    for entry in tree.find(*_TOOLKITS):
        try:
            value, words = _of_version_file(text_of(tree, entry.path), entry.name)
        except NotReadableError as error:
            yield Unknown("cuda", str(error))
            continue
        if value is not None:
            yield sighting(value, in_file(entry.path, words), posixpath.dirname(entry.path))
    for entry in tree.find(*_HEADERS):
        told = _of_header(tree, entry.path)
        if told is not None and not is_in_package_cache(tree, entry.path):
            yield sighting(told[0], in_file(entry.path, told[1]), prefix_of_library(entry.path))
    for entry in tree.find(*_LIBRARIES):
        match = _LIBRARY.fullmatch(entry.name)
        file = tree.stat(entry.path)
        if match is None or file is None or file.kind is not Kind.FILE or is_in_package_cache(tree, entry.path):
            continue
        version, major = match.group("version"), int(match.group("major")[:9])
        telling = version.count(".") >= 2 or (major <= _LAST_PLAIN_SONAME and "." in version)
        value = series(version, _PARTS) if telling else None
        yield sighting(value or PRESENT, in_file(entry.path, entry.name), prefix_of_library(file.path))
    for package in packages_of(image, "cuda"):
        if isinstance(package, Unknown):
            yield package
            continue
        value = series(package.value.versions.text, _PARTS) if package.value.versions is not None else None
        yield sighting(value or PRESENT, package.evidence, _place(package, value, main))


def _is_toolkit(place: str) -> bool:
    return place.startswith(("/usr/local/cuda", "/opt/cuda"))


def _place(package: Packaged, value: Value | None, main: str) -> str:
    """NVIDIA's system packages install below /usr/local; the distribution's own below /usr."""
    if package.manager != "apt" or not package.name.startswith("cuda"):
        return package.place
    return f"{HOME}-{value.versions.text}" if value is not None and value.versions is not None else main


def _of_version_file(text: str, name: str) -> tuple[Value | None, str]:
    if name.endswith(".txt"):
        match = re.search(r"CUDA Version (\d\S*)", text)
        return (series(match.group(1), _PARTS), brief(match.group(0))) if match is not None else (None, "")
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return None, ""
    part = data.get("cuda") if isinstance(data, dict) else None
    stated = part.get("version") if isinstance(part, dict) else None
    if not isinstance(stated, str):
        return None, ""
    return series(stated, _PARTS), brief(f'"cuda": {{"version": {json.dumps(stated)}}}')


def _of_header(tree: Tree, path: str) -> tuple[Value, str] | None:
    try:
        text = text_of(tree, path, _MAX_HEADER)
    except NotReadableError:
        return None
    match = re.search(r"^#define\s+CUDART_VERSION\s+(\d{4,6})\s*$", text, re.MULTILINE)
    if match is None:
        return None
    number = int(match.group(1))
    value = series(f"{number // 1000}.{number % 1000 // 10}", _PARTS)
    return (value, brief(match.group(0))) if value is not None else None


def _of_compiler(host: Host, image: Image) -> Iterator[Sighting]:
    started = find_program(image.files, image.config, "nvcc")
    if started is None:
        return
    here = posixpath.dirname(posixpath.dirname(started.file.path))
    yield Sighting(PRESENT, (in_file(started.path, started.evidence_text),), here)
    told = ask(host, started.path, "--version")
    match = re.search(r"release (\d+\.\d+)", told.text) if told is not None else None
    value = series(match.group(1), _PARTS) if match is not None else None
    if told is not None and match is not None and value is not None:
        yield Sighting(value, (told.evidence(match.group(0)),), here)
