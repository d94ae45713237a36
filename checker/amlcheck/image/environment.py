"""Which installed packages of pip count: those that the Python that counts will import."""

from __future__ import annotations

from collections.abc import Iterator

from amlcheck.image.conda_prefixes import CONTENTS as CONDA
from amlcheck.image.distributions import Distribution, by_folder, distributions, metadata_of
from amlcheck.image.image import Image
from amlcheck.image.interpreters import WANTED as INTERPRETERS
from amlcheck.image.interpreters import Interpreter, counting, package_folders
from amlcheck.image.tree import NotReadableError, Tree, Wanted
from amlcheck.model import Unknown
from amlcheck.records import dataclass

WANTED = Wanted(contents=(*CONDA, "/etc/passwd")) | INTERPRETERS


@dataclass(frozen=True, slots=True)
class Installed:
    """A package in one place."""

    distribution: Distribution
    version: str
    """As its metadata says."""
    used: bool
    """Whether it is the one that the Python that counts imports."""


def chosen(tree: Tree, folders: list[str], name: str) -> Distribution | None:
    """The package of a (normalised) name that is found first."""
    index = by_folder(tree)
    return next((index[folder][name] for folder in folders if name in index.get(folder, {})), None)


def installed(image: Image, name: str) -> Iterator[Installed | Unknown]:
    """Every place in which a package of a (normalised) name is installed, and whether it counts."""
    items = distributions(image.files).get(name, ())
    if not items:
        return
    counted = counting(image)
    found = [chosen(image.files, package_folders(image, item), name) for item in counted.candidates]
    for item in items:
        users = [told for told, first in zip(counted.candidates, found, strict=True) if first == item]
        try:
            version = metadata_of(image.files, item).version
        except NotReadableError as error:
            yield Unknown(name, str(error))
            continue
        sure = bool(users) and len(users) == len(counted.candidates)
        yield Installed(item, version, sure)
        if not sure:
            yield Unknown(name, _why_not(name, version, item, counted.candidates, counted.reason, bool(users)))


def _why_not(
    name: str, version: str, item: Distribution, candidates: tuple[Interpreter, ...], reason: str, perhaps: bool
) -> str:
    where = f"{name} {version[:40]} is installed in {item.prefix}"
    if perhaps or reason:
        return f"{where}, and which Python counts is not known: {reason}"
    if not candidates:
        return f"{where}, and no Python is in the image"
    return f"{where}, and `python` runs in {candidates[0].place}"
