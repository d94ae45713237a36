"""conda's prefixes in an image, and the packages that stand in each."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Mapping

from amlcheck.image.remember import remembered
from amlcheck.image.tree import NotReadableError, Tree
from amlcheck.image.words import brief, text_of
from amlcheck.records import dataclass
from amlcheck.regex import regex

PACKAGES = "*/conda-meta/*.json"
HISTORY = "*/conda-meta/history"
CONTENTS = (PACKAGES, HISTORY)
_MAX_RECORD = 4 << 20
"""Bytes of one package's record: it lists each file of the package."""
_CHANGE = regex(r"^([+-])(?:\S*::)?([^\s:]+)-([^-\s]+)-([^-\s]+)$", re.MULTILINE)

_CACHED = regex(r"/pkgs/([^/]+)(?=/)")


@dataclass(frozen=True, slots=True)
class CondaPackage:
    """A package of one prefix, as the name of its record says; `record` gives what stands in it."""

    name: str
    version: str
    prefix: str
    path: str
    """The record, or the history that tells of it."""


@remembered
def conda_packages(tree: Tree) -> Mapping[str, Mapping[str, CondaPackage]]:
    """All packages that have a record, by prefix and name."""
    found: dict[str, dict[str, CondaPackage]] = {}
    for entry in tree.find(PACKAGES):
        if is_in_package_cache(tree, entry.path):
            continue
        prefix = posixpath.dirname(posixpath.dirname(entry.path))
        parts = entry.name.removesuffix(".json").rsplit("-", 2)
        if len(parts) == 3:
            found.setdefault(prefix, {})[parts[0]] = CondaPackage(parts[0], parts[1], prefix, entry.path)
    return found


def record_of(tree: Tree, package: CondaPackage) -> tuple[CondaPackage, str]:
    """A package as its record says, and the words that say so; by the record's name where it cannot be read as JSON."""
    try:
        text = text_of(tree, package.path, _MAX_RECORD)
        record = json.loads(text)
    except (NotReadableError, ValueError, RecursionError):
        return package, posixpath.basename(package.path)
    if not isinstance(record, dict):
        return package, posixpath.basename(package.path)
    name, version = record.get("name"), record.get("version")
    if not isinstance(name, str) or not isinstance(version, str):
        return package, posixpath.basename(package.path)
    told = CondaPackage(name, version, package.prefix, package.path)
    return told, brief(f'"name": {json.dumps(name)}, "version": {json.dumps(version)}')


@remembered
def histories(tree: Tree) -> Mapping[str, Mapping[str, CondaPackage]]:
    """What the history of each prefix leaves installed, by prefix and name."""
    found: dict[str, dict[str, CondaPackage]] = {}
    for entry in tree.find(HISTORY):
        prefix = posixpath.dirname(posixpath.dirname(entry.path))
        packages = found.setdefault(prefix, {})
        try:
            text = text_of(tree, entry.path, _MAX_RECORD)
        except NotReadableError:
            continue
        for sign, name, version, _ in _CHANGE.findall(text):
            if sign == "+":
                packages[name] = CondaPackage(name, version, prefix, entry.path)
            elif name in packages and packages[name].version == version:
                del packages[name]
    return found


def prefixes(tree: Tree) -> list[str]:
    """Every folder that conda manages: an installation of it, or an environment."""
    return sorted({*conda_packages(tree), *histories(tree)})


@remembered
def is_extracted_package(tree: Tree, folder: str) -> bool:
    """Whether a folder below pkgs/ is conda's cache of one package: it looks like an installation and is none."""
    return tree.stat(f"{folder}/info/index.json") is not None


def is_in_package_cache(tree: Tree, path: str) -> bool:
    """Whether a path lies in conda's cache of packages."""
    return any(
        is_extracted_package(tree, f"{path[: match.start()]}/pkgs/{match.group(1)}") for match in _CACHED.finditer(path)
    )
