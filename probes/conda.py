"""conda

Reads the record of the package `conda` in each prefix (<prefix>/conda-meta/conda-*.json), the prefix's history, and conda's
own metadata; the conda that counts is the one that PATH leads to, through links and scripts. micromamba is not conda.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from amlcheck.image.conda_prefixes import CONTENTS, conda_packages, histories, record_of
from amlcheck.image.distributions import CONTENTS as METADATA
from amlcheck.image.distributions import distributions, metadata_of
from amlcheck.image.image import Image
from amlcheck.image.programs import Program, ask, find_program
from amlcheck.image.survey import Sighting
from amlcheck.image.tree import NotReadableError, Tree, Wanted
from amlcheck.image.words import brief, exact, text_of
from amlcheck.model import ABSENT, PRESENT, Notice, Unknown, in_config, in_file
from amlcheck.regex import regex

if TYPE_CHECKING:
    from testinfra.host import Host

_NOT_CONDA = ("micromamba", "mamba")
_MAX_SCRIPT = 64 << 10
WANTED = Wanted(
    contents=(*CONTENTS, *METADATA, "*/bin/conda", "*/condabin/conda"),
    names=tuple(f"*/bin/{name}" for name in _NOT_CONDA),
)
SEARCHED = "conda-meta of every prefix, conda's metadata, and the folders of PATH"


def testify(host: Host, image: Image) -> Iterator[Sighting | Unknown]:
    """Every conda there is; used is the one that PATH leads to, or the only one."""
    tree = image.files
    seen = list(_installed(tree))
    places = list(dict.fromkeys(item.installation for item in seen))
    started = find_program(tree, image.config, "conda") if image.config.known else None
    here = _prefix(tree, started) if started is not None else ""
    if started is not None and here not in places:
        yield from _of_program(host, started, here or posixpath.dirname(posixpath.dirname(started.file.path)))
    for item in seen:
        alone = started is None and len(places) == 1
        note = f"it stands in {item.installation}, which is not on PATH" if alone and image.config.known else ""
        used = item.installation == here or alone or not image.config.known
        yield Sighting(item.value, item.evidence, item.installation, used, note)
    if not seen and started is None:
        yield from _no_conda(tree)


def _installed(tree: Tree) -> Iterator[Sighting]:
    for prefix, packages in conda_packages(tree).items():
        if "conda" in packages:
            package, words = record_of(tree, packages["conda"])
            value = exact(package.version) or PRESENT
            if package.name == "conda":
                yield Sighting(value, (in_file(package.path, words),), prefix)
    recorded = {prefix for prefix, packages in conda_packages(tree).items() if packages}
    for prefix, packages in histories(tree).items():
        if "conda" in packages and prefix not in recorded:  # a history may name what was removed by other means
            told = packages["conda"]
            yield Sighting(exact(told.version) or PRESENT, (in_file(told.path, f"conda-{told.version}"),), prefix)
    for item in distributions(tree).get("conda", ()):
        try:
            version = metadata_of(tree, item).version
        except NotReadableError:
            version = item.version
        yield Sighting(exact(version) or PRESENT, (in_file(item.path, brief(f"Version: {version}")),), item.prefix)


def _prefix(tree: Tree, started: Program) -> str:
    """The prefix of the conda that a program starts: by the Python in its first line, else by where it lies."""
    beside = posixpath.dirname(posixpath.dirname(started.file.path))
    try:
        first = text_of(tree, started.file.path, _MAX_SCRIPT).partition("\n")[0]
    except NotReadableError:
        return beside
    match = re.fullmatch(r"#!\s*(/\S+)/bin/python[\d.]*\s*", first)
    if match is None:
        return beside
    interpreter = tree.stat(f"{match.group(1)}/bin")
    return posixpath.dirname(interpreter.path) if interpreter is not None else beside


def _of_program(host: Host, started: Program, here: str) -> Iterator[Sighting]:
    """A conda on PATH that no prefix has a record of."""
    yield Sighting(PRESENT, (in_file(started.path, started.evidence_text),), here)
    told = ask(host, started.path, "--version")
    match = re.match(r"conda (\d\S*)", told.text.strip()) if told is not None else None
    value = exact(match.group(1)) if match is not None else None
    if told is not None and value is not None:
        yield Sighting(value, (told.evidence(),), here)


def _no_conda(tree: Tree) -> Iterator[Sighting]:
    """Said where something is there that is taken for conda."""
    for entry in tree.find(*WANTED.names):
        if entry.executable:
            note = f"conda is not in the image; {entry.name} ({entry.path}) is another program"
            yield Sighting(ABSENT, (in_file(entry.path, entry.name),), note=note)
            return


_LOOKS_LIKE_PREFIX = regex(
    r"(?:mini|ana)conda|/conda|mambaforge|miniforge|/envs/|/\.?venvs?(?:/|$)|virtualenv", re.IGNORECASE
)


def check_dead_path(host: Host, image: Image) -> Iterator[Notice]:
    """PATH names the folder of a conda prefix or environment that is not in the image."""
    if not image.config.known or "PATH" not in image.config.env:
        return
    there = sorted({item.installation for item in _installed(image.files)})
    for folder in dict.fromkeys(image.config.path):
        if posixpath.basename(folder) not in ("bin", "condabin") or not _LOOKS_LIKE_PREFIX.search(folder):
            continue
        if image.files.stat(folder) is None:
            stands = f" (conda stands in {', '.join(there)})" if there else ""
            yield Notice(
                f"PATH names {folder}, which is not in the image{stands}",
                related=(in_config("Env.PATH", brief(image.config.env["PATH"])),),
            )


CHECKS = {"AML203": check_dead_path}
