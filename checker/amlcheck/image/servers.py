"""Whether a web server can be imported, as the files of its packages tell: what it needs is there, in the versions asked for.

What is known of the servers (what they import when they start, which versions break each other) is data:
rules/inference_servers.toml.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping

from packaging.markers import InvalidMarker, UndefinedComparison, UndefinedEnvironmentName
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from amlcheck.image.distributions import Distribution, Metadata, metadata_of
from amlcheck.image.environment import chosen
from amlcheck.image.image import Image
from amlcheck.image.interpreters import Interpreter, package_folders
from amlcheck.image.tree import NotReadableError, Tree
from amlcheck.image.words import brief
from amlcheck.knowledge import Server
from amlcheck.model import Evidence, in_file
from amlcheck.records import dataclass, field
from amlcheck.regex import regex

MAX_PACKAGES = 400
"""Packages followed from one server; the real ones need about 40."""
_FOR_EXTRA = regex(r"""^[^;]*;\s*extra\s*==\s*["']([\w.-]+)["']\s*$""")
_HARMLESS_PTH = ("distutils-precedence.pth",)
_MACHINES = {"amd64": "x86_64", "arm64": "aarch64", "386": "i686", "": "x86_64"}


@dataclass
class Standing:
    """What was found out about a server's packages."""

    broken: list[tuple[str, Evidence | None]] = field(default_factory=list)
    """What surely keeps it from being imported."""
    open: list[str] = field(default_factory=list)
    """What may."""
    evidence: list[Evidence] = field(default_factory=list)
    found: dict[str, tuple[Distribution, Metadata]] = field(default_factory=dict)


def standing(image: Image, python: Interpreter, version: str, server: Server, root: Distribution) -> Standing:
    """Follows the requirements of a server's package. `version` is Python's, as exactly as it is known."""
    tree, folders = image.files, package_folders(image, python)
    told = Standing()
    surroundings = _surroundings(image, python, version)
    _follow(tree, folders, server, root, surroundings, told)
    modules = {name for folder in folders for name in tree.names(folder)}
    elsewhere = [name for name in modules if name.endswith(".pth") and name not in _HARMLESS_PTH]
    for name, module in server.needs.items():
        if name in told.found and not _has_module(modules, module):
            message = f"{name} is installed, and its module {module} is not there"
            if elsewhere:
                told.open.append(f"{message}, unless {elsewhere[0]} leads to it")
            else:
                told.broken.append((message, in_file(told.found[name][0].path, name)))
    for module in server.imports:
        if module.partition(".")[0] in modules and not _is_there(tree, folders, module):
            told.broken.append((f"its module {module} is not there", None))
    for folder, name, needed in _compiled(tree, folders, server, told, python):
        told.open.append(f"{name} in {folder} has no {needed} for Python {python.series}")
    _known_breaks(server, version, told, modules, elsewhere)
    return told


def _is_there(tree: Tree, folders: list[str], module: str) -> bool:
    """Whether a module has a file in one of the folders that have its package."""
    package, _, path = module.replace(".", "/").partition("/")
    for folder in folders:
        names = tree.names(folder)
        if not path and f"{package}.py" in names:
            return True
        if package in names:
            inner, _, last = f"{folder}/{package}/{path or '__init__'}".rpartition("/")
            beside = tree.names(inner)
            if f"{last}.py" in beside or f"{last}.pyc" in beside or (last in beside and tree.names(f"{inner}/{last}")):
                return True
    return False


def _surroundings(image: Image, python: Interpreter, version: str) -> dict[str, str]:
    """What markers ask about."""
    machine = _MACHINES.get(image.config.architecture, image.config.architecture)
    full = version if version.count(".") >= 2 else f"{python.series}.0"
    return {
        "implementation_name": "cpython",
        "implementation_version": full,
        "os_name": "posix",
        "platform_machine": machine,
        "platform_python_implementation": "CPython",
        "platform_release": "",
        "platform_system": "Linux",
        "platform_version": "",
        "python_full_version": full,
        "python_version": python.series,
        "sys_platform": "linux",
    }


def _follow(
    tree: Tree, folders: list[str], server: Server, root: Distribution, surroundings: Mapping[str, str], told: Standing
) -> None:
    waiting: list[tuple[str, frozenset[str]]] = [(root.name, frozenset())]
    asked: set[tuple[str, frozenset[str]]] = set()
    while waiting:
        item = waiting.pop()
        if item in asked:
            continue
        asked.add(item)
        if len(asked) > MAX_PACKAGES:
            told.open.append(f"it needs more than {MAX_PACKAGES} packages")
            return
        name, extras = item
        found = told.found.get(name) or _read(tree, folders, name, told)
        if found is None:
            continue
        told.found[name] = found
        _check_python(found[1], surroundings, told)
        for text in found[1].requires:
            requirement = _wanted(text, name, extras, surroundings, told)
            if requirement is not None and _meets(tree, folders, server, requirement, found[0], told):
                waiting.append((canonicalize_name(requirement.name), frozenset(requirement.extras)))


def _read(tree: Tree, folders: list[str], name: str, told: Standing) -> tuple[Distribution, Metadata] | None:
    item = chosen(tree, folders, name)
    if item is None:
        return None
    try:
        return item, metadata_of(tree, item)
    except NotReadableError as error:
        told.open.append(str(error))
        return None


def _check_python(metadata: Metadata, surroundings: Mapping[str, str], told: Standing) -> None:
    try:
        fits = SpecifierSet(metadata.requires_python).contains(surroundings["python_full_version"], prereleases=True)
    except (InvalidSpecifier, InvalidVersion):
        fits = False
    if not fits:
        told.open.append(f"{metadata.name} asks for Python {brief(metadata.requires_python)}")


def _wanted(
    text: str, name: str, extras: frozenset[str], surroundings: Mapping[str, str], told: Standing
) -> Requirement | None:
    """A requirement that holds here; None for one that does not, or that cannot be read."""
    extra = _FOR_EXTRA.search(text)
    if extra is not None and canonicalize_name(extra.group(1)) not in map(canonicalize_name, extras):
        return None  # most of all requirements, and parsing them takes longer than all else here
    try:
        requirement = Requirement(text[:2000])
        marker = requirement.marker
        if marker is None:
            return requirement
        if any(marker.evaluate({**surroundings, "extra": extra}) for extra in ("", *extras)):
            return requirement
    except (InvalidRequirement, InvalidMarker, UndefinedComparison, UndefinedEnvironmentName, InvalidVersion):
        told.open.append(f"{name} has a requirement that cannot be read: {brief(text)}")
    return None


def _meets(
    tree: Tree, folders: list[str], server: Server, requirement: Requirement, asker: Distribution, told: Standing
) -> bool:
    """Whether what a requirement names is installed; what does not fit is told."""
    name = canonicalize_name(requirement.name)
    found = told.found.get(name) or _read(tree, folders, name, told)
    evidence = in_file(asker.path, brief(f"Requires-Dist: {requirement}"))
    if found is None:
        message = f"{asker.name} needs {name}, which is not installed"
        module = server.needs.get(name, "")
        there = {entry for folder in folders for entry in tree.names(folder)}
        if module and not _has_module(there, module) and not chosen(tree, folders, name):
            told.broken.append((message, evidence))
        else:
            told.open.append(message)
        return False
    told.found[name] = found
    try:
        fits = requirement.specifier.contains(Version(found[1].version[:100]), prereleases=True)
    except InvalidVersion:
        fits = False
    if not fits:
        wanted = brief(str(requirement.specifier))
        told.open.append(f"{asker.name} needs {name} {wanted}, and {brief(found[1].version)} is installed")
    return True


def _has_module(names: set[str], module: str) -> bool:
    return (
        module in names
        or f"{module}.py" in names
        or any(name.startswith(f"{module}.") and name.endswith(".so") for name in names)
    )


def _compiled(
    tree: Tree, folders: list[str], server: Server, told: Standing, python: Interpreter
) -> list[tuple[str, str, str]]:
    """Packages whose compiled part is not for this Python."""
    tag = f"cpython-{python.series.replace('.', '')}"
    missing = []
    for name, path in server.compiled.items():
        if name not in told.found:
            continue
        package, _, stem = path.rpartition("/")
        folder = posixpath.join(told.found[name][0].folder, package)
        parts = [entry for entry in tree.names(folder) if entry.startswith(f"{stem}.") and entry.endswith(".so")]
        if not any(f".{tag}" in entry or ".abi3." in entry or entry == f"{stem}.so" for entry in parts):
            missing.append((folder, name, stem))
    return missing


def _known_breaks(server: Server, version: str, told: Standing, modules: set[str], elsewhere: list[str]) -> None:
    """Versions that are all in range and cannot be imported together."""
    for item in server.breaks:
        requirements = [Requirement(text) for text in item.together]
        if item.lacks and _has_module(modules, item.lacks):
            continue
        if all(_holds(requirement, version, told) for requirement in requirements):
            if item.lacks and elsewhere:
                told.open.append(f"{item.reason}, unless {elsewhere[0]} leads to it")
                continue
            first = canonicalize_name(requirements[0].name)
            distribution, metadata = told.found[first]
            told.broken.append((item.reason, in_file(distribution.path, brief(f"Version: {metadata.version}"))))


def _holds(requirement: Requirement, version: str, told: Standing) -> bool:
    name = canonicalize_name(requirement.name)
    installed = version if name == "python" else told.found[name][1].version if name in told.found else ""
    try:
        return bool(installed) and requirement.specifier.contains(Version(installed[:100]), prereleases=True)
    except InvalidVersion:
        return False
