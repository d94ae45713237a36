"""pip's packages in an image: every *.dist-info and *.egg-info, and what stands in their metadata."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping

from packaging.utils import canonicalize_name

from amlcheck.image.conda_prefixes import is_in_package_cache
from amlcheck.image.remember import remembered
from amlcheck.image.tree import Kind, NotReadableError, Tree
from amlcheck.image.words import text_of
from amlcheck.records import dataclass
from amlcheck.regex import regex

WHEELS = "*.dist-info/METADATA"
EGGS = ("*.egg-info/PKG-INFO", "*.egg-info")
"""setuptools makes a folder, distutils a single file."""
CONTENTS = (WHEELS, *EGGS)
_PLACE = regex(r"(?P<folder>/.*|)/(?P<stem>[^/]+)\.(?:dist-info/METADATA|egg-info/PKG-INFO|egg-info)")
_EGG_STEM = regex(r"(?P<name>[^/]+?)-(?P<version>\d[^-/]*)(?:-py\d[\d.]*)?")
_PREFIX = regex(r"(?P<prefix>/.*|)/lib(?:32|64)?/(?:python[\d.]+|pypy[\d.]+)/(?:site|dist)-packages")


@dataclass(frozen=True, slots=True)
class Distribution:
    """An installed package, as the name of its folder says."""

    name: str
    """Normalised (PEP 503)."""
    version: str
    """"" where the folder does not tell."""
    folder: str
    """The site-packages it stands in."""
    path: str
    """Its metadata file."""

    @property
    def prefix(self) -> str:
        return prefix_of(self.folder)


@dataclass(frozen=True, slots=True)
class Metadata:
    """The head of a metadata file."""

    name: str
    version: str
    requires: tuple[str, ...]
    requires_python: str


def prefix_of(folder: str) -> str:
    """The prefix of a folder with packages; the folder itself where it is part of none."""
    match = _PREFIX.fullmatch(folder)
    if match is not None:
        return match.group("prefix") or "/"
    return "/usr" if folder == "/usr/lib/python3/dist-packages" else folder


@remembered
def distributions(tree: Tree) -> Mapping[str, tuple[Distribution, ...]]:
    """All of the image by their name; those in conda's cache of packages are not installed."""
    found: dict[str, list[Distribution]] = {}
    for entry in tree.find(*CONTENTS):
        match = _PLACE.fullmatch(entry.path)
        if match is None or entry.kind is Kind.DIRECTORY or is_in_package_cache(tree, entry.path):
            continue
        name, version = _of_stem(match.group("stem"), wheel=entry.path.endswith(".dist-info/METADATA"))
        item = Distribution(name, version, match.group("folder") or "/", entry.path)
        found.setdefault(name, []).append(item)
    return {name: tuple(items) for name, items in found.items()}


@remembered
def by_folder(tree: Tree) -> Mapping[str, Mapping[str, Distribution]]:
    """The same by the folder they stand in, and their name."""
    found: dict[str, dict[str, Distribution]] = {}
    for items in distributions(tree).values():
        for item in items:
            found.setdefault(item.folder, {}).setdefault(item.name, item)
    return found


def _of_stem(stem: str, wheel: bool) -> tuple[str, str]:
    if wheel:
        name, _, version = stem.rpartition("-")
        return canonicalize_name(name or stem), version if name else ""
    match = _EGG_STEM.fullmatch(stem)
    if match is None:
        return canonicalize_name(stem), ""
    return canonicalize_name(match.group("name")), match.group("version")


@remembered
def metadata_of(tree: Tree, distribution: Distribution) -> Metadata:
    """What stands in the metadata. Raises NotReadableError."""
    head, _, _ = text_of(tree, distribution.path).replace("\r\n", "\n").partition("\n\n")
    fields: dict[str, list[str]] = {}
    last: list[str] = []
    for line in head.splitlines():
        if line[:1] in (" ", "\t") and last:
            last[-1] += line
            continue
        name, colon, value = line.partition(":")
        last = fields.setdefault(name.strip().lower(), []) if colon else []
        if colon:
            last.append(value.strip())
    requires = fields.get("requires-dist")
    if requires is None and not distribution.path.endswith("/METADATA"):
        requires = _of_requires_txt(tree, posixpath.join(posixpath.dirname(distribution.path), "requires.txt"))
    return Metadata(
        canonicalize_name(_first(fields, "name") or distribution.name),
        _first(fields, "version") or distribution.version,
        tuple(requires or ()),
        _first(fields, "requires-python"),
    )


def _of_requires_txt(tree: Tree, path: str) -> list[str]:
    """The requirements of an egg: sections are extras, markers, or both ("[test:python_version < '3.8']")."""
    try:
        lines = text_of(tree, path).splitlines()
    except NotReadableError:
        return []
    found, condition = [], ""
    for line in lines:
        word = line.strip()
        if word.startswith("["):
            extra, _, marker = word.strip("[]").partition(":")
            parts = [f'extra == "{extra}"'] if extra else []
            condition = " and ".join([*parts, f"({marker})"] if marker else parts)
        elif word:
            found.append(f"{word}; {condition}" if condition else word)
    return found


def _first(fields: Mapping[str, list[str]], name: str) -> str:
    return next(iter(fields.get(name, ())), "")
