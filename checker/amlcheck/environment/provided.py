"""Which modules an environment provides: Python's own, the script's neighbours, and what its packages bring."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

from amlcheck import looking
from amlcheck.environment.entry_script import EntryScript, Import
from amlcheck.environment.environment import Environment
from amlcheck.model import Fact
from amlcheck.versions import from_specifiers

ALWAYS = frozenset({"pip", "setuptools", "pkg_resources", "wheel", "_distutils_hack"})
"""Modules of packages that every environment has."""
_NOT_PYTHON = frozenset({"ca-certificates", "openssl", "libgcc-ng", "libstdcxx-ng", "gcc", "gxx", "cudatoolkit", "git"})
"""conda packages that bring no modules."""


def missing_imports(environment: Environment) -> Iterator[tuple[Import, list[str]]]:
    """Each import that certainly happens and certainly fails, with the distributions that would bring it."""
    script, conda = environment.entry, environment.conda
    if script is None or conda is None or conda.open or conda.from_requirements or not environment.supplies:
        return
    listed = {item.spec.name for item in conda.wanted}
    there = _closure(environment, listed)
    modules = {entry["name"]: entry["by"] for entry in environment.knowledge.imports["module"]}
    told: set[str] = set()
    for item in script.imports:
        if not item.certain or item.top in told or _is_local(script, item.top):
            continue
        standard = is_standard(environment, item.top)
        if standard is not False:
            continue
        name = next((name for name in _beginnings(item.module) if name in modules), None)
        if name is None or there is None or there & set(modules[name]):
            continue
        told.add(item.top)
        yield item, modules[name]


def _closure(environment: Environment, listed: set[str]) -> set[str] | None:
    """Everything that may be installed; None where that is not known of one of the packages."""
    known = {entry["name"]: entry["brings"] for entry in environment.knowledge.imports["distribution"]}
    there = set(listed)
    for name in listed:
        if name in ("python", "pip") or name in _NOT_PYTHON:
            continue
        if name not in known:
            return None
        there.update(known[name])
    return there


def _beginnings(module: str) -> Iterator[str]:
    """Of "a.b.c" itself, then "a.b" and "a"."""
    parts = module.split(".")
    for count in range(len(parts), 0, -1):
        yield ".".join(parts[:count])


def _is_local(script: EntryScript, name: str) -> bool:
    for folder in script.folders:
        module, package = os.path.join(folder, f"{name}.py"), os.path.join(folder, name)
        if (looking.at(module) and os.path.isfile(module)) or (looking.at(package) and os.path.isdir(package)):
            return True
    return False


def is_standard(environment: Environment, name: str) -> bool | None:
    """Whether a module is of Python's own library, in the Python that runs; None where that depends on it."""
    if name in ALWAYS:
        return True
    data = environment.knowledge.imports["stdlib"]
    python = environment.python
    versions = python.value.versions if isinstance(python, Fact) else None
    for since, names in data["added"].items():
        if name in names:
            return None if versions is None else (True if versions <= from_specifiers(f">={since}") else None)
    for gone, names in data["removed"].items():
        if name in names:
            return None if versions is None else (True if versions <= from_specifiers(f"<{gone}") else None)
    return name in sys.stdlib_module_names
