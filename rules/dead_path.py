r"""PATH names a prefix where nothing was installed

## What it asks

A conda prefix or virtual environment that ENV PATH names is one that a step of the build creates.

## Why

A dead entry does no harm until the working one is removed or renamed; then `conda` and `python` are not found. The sample
Dockerfile of the documents of 2020-09 and 2021-04 has one: it names /opt/miniconda/bin and installs elsewhere.

## Bad

```dockerfile
FROM ubuntu:20.04
ENV PATH=/opt/miniconda/bin:$PATH
RUN wget -q https://repo.anaconda.com/miniconda/Miniconda3-4.7.12-Linux-x86_64.sh -O /tmp/conda.sh && \
    bash /tmp/conda.sh -b -p /opt/conda
```

## Good

```dockerfile
FROM ubuntu:20.04
ENV PATH=/opt/conda/bin:$PATH
RUN wget -q https://repo.anaconda.com/miniconda/Miniconda3-4.7.12-Linux-x86_64.sh -O /tmp/conda.sh && \
    bash /tmp/conda.sh -b -p /opt/conda
```

## Fix

Name the prefix that the installer is given with -p.

**Unsafe fix:** names the prefix where conda stands, if it stands in one only.

## Sources

- The sample Dockerfile of the 2020-09 and 2021-04 documents.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from amlcheck.dockerfile.built import Built
from amlcheck.dockerfile.text import HOLE
from amlcheck.model import Notice, Repair, Severity
from amlcheck.regex import regex

if TYPE_CHECKING:
    from amlcheck.fixing.case import Case

ID = "AML203"
SEVERITY = Severity.WARNING
FIX = "name the prefix that the installer is given with -p"
_LOOKS_LIKE_CONDA = regex(r"(mini|ana)conda|/conda|mambaforge|miniforge|/envs/", re.IGNORECASE)


def check(image: Built) -> Iterator[Notice]:
    """PATH entries that look like a conda prefix and are none that the build or the base image has."""
    base = image.base.known if image.base is not None else None
    if base is None or image.hidden("conda") is not None:
        return
    places = {package.place for package in image.packages} | set(image.conda_prefixes())
    unclear = any(HOLE in place or place.startswith("envs/") for place in places)
    if unclear or any(name == "ln" for name, _ in image.commands):
        return
    for entry in image.path():
        if entry.folder is None or posixpath.basename(entry.folder) not in ("bin", "condabin"):
            continue
        place = posixpath.dirname(entry.folder)
        if place in places or not _LOOKS_LIKE_CONDA.search(place):
            continue
        if any(place in value for value in base.env.values()):
            continue
        chain = entry.text.chain("PATH")
        located = next((item for item in chain if item.location is not None), None)
        there = ", ".join(sorted(prefix for prefix in image.conda_prefixes() if prefix)) or "nowhere"
        yield Notice(
            f"PATH names {entry.folder}, where nothing is installed (conda stands in {there})"
            if image.conda_prefixes()
            else f"PATH names {entry.folder}, where nothing is installed",
            located.location if located is not None else None,
        )


def repair(case: Case) -> Iterator[Repair]:
    """The one prefix that there is, in place of the one that there is not."""
    from amlcheck.fixing.case import unsafe
    from amlcheck.fixing.words import rewritten

    prefixes = [prefix for prefix in case.image.conda_prefixes() if prefix]
    for entry in case.image.path():
        place = posixpath.dirname(entry.folder) if entry.folder is not None else ""
        chain = [item.location for item in entry.text.chain("PATH") if item.location is not None]
        if len(prefixes) == 1 and place not in ("", *prefixes) and case.location in chain[:1]:
            edit = rewritten(case, entry.text.slice(0, len(place)), prefixes[0])
            if edit is not None and entry.text.value.startswith(f"{place}/"):
                yield unsafe(f"name {prefixes[0]} in PATH", edit)
