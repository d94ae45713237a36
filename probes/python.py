"""Python

The Python that counts is the one that a plain `python` starts (`python3`, where there is none), or the one that
AZUREML_INFERENCE_PYTHON_PATH names. Its version is read from conda's records, the system's packages, its headers, the
settings of a virtual environment, and the program itself; `python --version` is asked where no file tells.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING

from amlcheck.catalog import catalog
from amlcheck.image.conda_prefixes import CONTENTS as CONDA
from amlcheck.image.conda_prefixes import conda_packages
from amlcheck.image.dpkg import CONTENTS as SYSTEM
from amlcheck.image.image import Image
from amlcheck.image.interpreters import NAMES, Counting, all_interpreters, counting, patch_in_binary, sightings
from amlcheck.image.interpreters import WANTED as INTERPRETERS
from amlcheck.image.programs import ask, find_program
from amlcheck.image.survey import Sighting, conclude
from amlcheck.image.tree import Wanted
from amlcheck.image.words import exact
from amlcheck.model import Fact, Notice, Testimony, Unknown, in_file
from amlcheck.records import replace

if TYPE_CHECKING:
    from testinfra.host import Host

WANTED = Wanted(contents=(*CONDA, *SYSTEM)) | INTERPRETERS
SEARCHED = "python and python3 in the folders of PATH, and in every bin folder"


def testify(host: Host, image: Image) -> Iterator[Sighting | Unknown]:
    """The Python that counts, and the others."""
    counted = counting(image)
    yield from _of_files(image, counted)
    if counted.candidates or not image.config.known:
        return
    for name in NAMES:
        started = find_program(image.files, image.config, name)
        if started is not None:
            told = ask(host, started.path, "--version")
            match = re.match(r"Python (\d\S*)", told.text.strip()) if told is not None else None
            value = exact(match.group(1)) if match is not None else None
            if told is not None and value is not None:
                yield Sighting(value, (told.evidence(), in_file(started.path, started.evidence_text)), started.path)
            return


def _of_files(image: Image, counted: Counting) -> Iterator[Sighting | Unknown]:
    places = {(item.place, item.series) for item in counted.candidates}
    for interpreter in counted.candidates:
        note = "" if counted.on_path else f"it stands in {interpreter.place}, which is not on PATH"
        told = list(sightings(image, interpreter, used=True, note=note))
        inside = patch_in_binary(image.files, interpreter) if not any(_is_complete(item) for item in told) else None
        if inside is not None:
            told.append(Sighting(inside[0], (inside[1],), interpreter.place, note=note))
        chosen = () if counted.evidence is None else (counted.evidence,)
        yield from (replace(item, evidence=(*item.evidence, *chosen)) for item in told)
        if not told:
            yield Unknown("python", f"no file tells the version of {interpreter.program.evidence_text}")
    if not counted.candidates and counted.reason:
        yield Unknown("python", counted.reason, () if counted.evidence is None else (counted.evidence,))
    for interpreter in all_interpreters(image.files):
        if (interpreter.place, interpreter.series) not in places:
            yield from (
                replace(item, installation=_other_place(interpreter.place, interpreter.series, places))
                for item in sightings(image, interpreter, used=False)
            )


def _other_place(place: str, series: str, counted: set[tuple[str, str]]) -> str:
    """Two Pythons of one prefix are two installations."""
    return f"{place}/bin/python{series}" if any(place == other for other, _ in counted) else place


def _is_complete(item: Sighting) -> bool:
    return item.value.versions is not None and item.value.versions.text.count(".") >= 2


def _counted(image: Image) -> Testimony:
    seen = [item for item in _of_files(image, counting(image)) if isinstance(item, Unknown) or item.used]
    return conclude("python", seen, SEARCHED).testimony


def check_end_of_life(host: Host, image: Image) -> Iterator[Notice]:
    """The end of life of the Python that counts, compared with today."""
    told = _counted(image)
    if not isinstance(told, Fact) or told.value.versions is None:
        return
    knowledge = catalog().knowledge
    for version, end in knowledge.python_lifecycles.items():
        if told.value.versions <= knowledge.python_series(version) and end < date.today():
            yield Notice(f"Python {version} is past its end of life since {end}", related=told.evidence)


def check_conda_python(host: Host, image: Image) -> Iterator[Notice]:
    """Conda is installed, and the Python that runs is not of conda."""
    prefixes = [prefix for prefix, packages in conda_packages(image.files).items() if "conda" in packages]
    counted = counting(image)
    told = counted.only
    if not prefixes or told is None or not image.config.known or counted.evidence is not None:
        return
    of_conda = "python" in conda_packages(image.files).get(told.base, {})
    if of_conda and counted.on_path:
        return
    where = f"`python` is the one in {told.place}" if not of_conda else "PATH does not name its bin folder"
    yield Notice(
        f"conda's Python in {prefixes[0]} is not the one that runs: {where}",
        related=(in_file(told.program.path, told.program.evidence_text),),
    )


CHECKS = {"AML207": check_end_of_life, "AML204": check_conda_python}
