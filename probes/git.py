"""git

Reads the system's packages and conda's; a git from elsewhere carries its version inside the program, and tells it with
`git --version`.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import TYPE_CHECKING

from amlcheck.image.conda_prefixes import PACKAGES
from amlcheck.image.dpkg import CONTENTS
from amlcheck.image.image import Image
from amlcheck.image.packaged import packages_of
from amlcheck.image.programs import Program, ask, find_program
from amlcheck.image.survey import Sighting
from amlcheck.image.tree import NotReadableError, Tree, Wanted
from amlcheck.image.words import exact
from amlcheck.model import PRESENT, Unknown, Value, in_file

if TYPE_CHECKING:
    from testinfra.host import Host

_OWN_WORDS = "git/[0-9]+[.][0-9]+[0-9.]*[0-9]"
"""What git calls itself towards servers stands in the program as it is."""
WANTED = Wanted(contents=(*CONTENTS, PACKAGES), names=("*/bin/git",), searches=(("*/bin/git", _OWN_WORDS),))
SEARCHED = "the packages of the system and of conda, and the folders of PATH"


def testify(host: Host, image: Image) -> Iterator[Sighting | Unknown]:
    """Git as each package manager has it, and the one that PATH leads to."""
    started = find_program(image.files, image.config, "git")
    here = posixpath.dirname(posixpath.dirname(started.file.path)) if started is not None else ""
    versions_here = False
    for package in packages_of(image, "git"):
        if isinstance(package, Unknown):
            yield package
            continue
        used = package.place == here or (started is None and package.manager in ("apt", "apk"))
        versions_here |= used and package.value.versions is not None
        yield Sighting(package.value, (package.evidence,), package.place, used)
    if started is not None and not versions_here:
        yield from _of_program(host, image.files, started, here)
    for entry in image.files.find("*/bin/git"):
        place = posixpath.dirname(posixpath.dirname(entry.path))
        if started is None and entry.executable:
            yield Sighting(PRESENT, (in_file(entry.path, "git"),), place, used=False)


def _of_program(host: Host, tree: Tree, started: Program, here: str) -> Iterator[Sighting | Unknown]:
    inside = _inside(tree, started)
    if inside is not None:
        yield Sighting(inside[0], (in_file(started.file.path, inside[1], "in the program"),), here)
        return
    yield Sighting(PRESENT, (in_file(started.path, started.evidence_text),), here)
    told = ask(host, started.path, "--version")
    value = exact(told.text.removeprefix("git version ")) if told is not None else None
    if told is not None and value is not None:
        yield Sighting(value, (told.evidence(),), here)


def _inside(tree: Tree, started: Program) -> tuple[Value, str] | None:
    try:
        matches = tree.search(started.file.path, _OWN_WORDS)
    except NotReadableError:
        return None
    values = {match: exact(match.removeprefix("git/")) for match in matches}
    told = [(value, match) for match, value in values.items() if value is not None]
    return told[0] if len(told) == 1 else None
