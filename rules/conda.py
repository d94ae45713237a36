r"""conda, in a version that Azure ML supports

## What it asks

The image provides conda 4.5 or newer: Azure ML builds the environment of the deployment with it.

## Why

Without conda the image build in the cloud fails when the environment is created, about twenty minutes after the push.

## How it is read

The installer's URL or file name (Miniconda3-4.7.12, Miniconda3-py38_4.12.0, Miniforge3-…), what it is known to bring,
`conda install conda=…` after it, and the base image. micromamba is not conda.

## Bad

```dockerfile
FROM ubuntu:18.04
ADD https://repo.anaconda.com/miniconda/Miniconda3-4.3.11-Linux-x86_64.sh /tmp/conda.sh
RUN bash /tmp/conda.sh -b -p /opt/conda
```

```dockerfile
FROM ubuntu:20.04
RUN apt-get update && apt-get install -y python3-pip
```

## Good

```dockerfile
FROM ubuntu:18.04
ARG CONDA_VERSION=4.7.12
ENV PATH=/opt/conda/bin:$PATH
RUN wget -q https://repo.anaconda.com/miniconda/Miniconda3-${CONDA_VERSION}-Linux-x86_64.sh -O /tmp/conda.sh && \
    bash /tmp/conda.sh -b -p /opt/conda
```

## Undecided

```dockerfile
FROM ubuntu:18.04
ARG CONDA_VERSION
RUN wget -q https://repo.anaconda.com/miniconda/Miniconda3-${CONDA_VERSION}-Linux-x86_64.sh -O /tmp/conda.sh && \
    bash /tmp/conda.sh -b -p /opt/conda
```

## Fix

Install a Miniconda of 4.5 or newer, or raise conda with `conda install conda=…`.

**Unsafe fix:** takes another release of the installer, in its URL or where its version comes from (ARG, ENV), in `conda
install conda=…` or in the base image's tag. None where there is no conda: where it goes is its author's choice.

## Sources

- "Image requirements": Conda 4.5.# or higher.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import TYPE_CHECKING

from packaging.version import Version

from amlcheck.dockerfile.built import Built, Package
from amlcheck.dockerfile.packages import Packages
from amlcheck.dockerfile.testimony import testify as from_packages
from amlcheck.model import Fact, Repair, Testimony, Unknown
from amlcheck.records import replace
from amlcheck.versions import VersionSet

if TYPE_CHECKING:
    from amlcheck.fixing.case import Case

ID = "AML102"
FIX = "install Miniconda with conda {expected}, or add `conda install -y conda=VERSION`"
BUILT_FOR_ALL = Version("4.8")
"""Older releases of conda were built for every Python of their time (2.7 to 3.7), so changing Python keeps them."""


def testify(image: Built) -> Testimony:
    """The conda that is first on PATH, or the last one installed; conda inside an environment is another matter."""
    prefixes = [prefix for prefix in image.conda_prefixes() if prefix]
    places = [posixpath.dirname(entry.folder) if entry.folder else "" for entry in image.path()]
    chosen = next((place for place in places if place in prefixes), prefixes[-1] if prefixes else "")
    here = [package for package in image.packages if package.name != "conda" or _counts(package, chosen)]
    found = from_packages(replace(image, packages=Packages(_anywhere(package) for package in here)), "conda")
    if not isinstance(found, Fact) or not found.value.present:
        return found
    changed = _python_changed(image, chosen)
    lowest = found.value.versions.lowest if found.value.versions is not None else None
    if changed is not None and lowest is not None:
        newer, package = changed
        if newer:
            found = replace(found, value=replace(found.value, versions=_from(lowest)))
        elif lowest >= BUILT_FOR_ALL:
            return Unknown(
                "conda", "conda may be replaced by another release, built for the older Python", package.chain
            )
    if chosen and chosen not in places and "" not in places:
        return replace(found, note=f"it stands in {chosen}, which is not on PATH")
    return found


def _counts(package: Package, chosen: str) -> bool:
    return package.place in ("", chosen) or not chosen or package.manager == "apt"


def _anywhere(package: Package) -> Package:
    return replace(package, place="") if package.name == "conda" else package


def _from(version: Version) -> VersionSet:
    return VersionSet((((version, -1), None),))


def _python_changed(image: Built, chosen: str) -> tuple[bool, Package] | None:
    """Another Python that conda was asked for in its own prefix after conda came: whether it is newer, and where."""
    conda = [number for number, item in enumerate(image.packages) if item.name == "conda" and item.place == chosen]
    last = conda[-1] if conda else -1
    instruction = image.packages[last].instruction if conda else None
    before = image.base_value("python")
    known = before.versions.lowest if before is not None and before.versions is not None else None
    for number, item in enumerate(image.packages):
        if item.name != "python" or item.place != chosen or item.removed or item.versions is None:
            continue
        lowest = item.versions.lowest
        asked = item.manager == "conda" and number > last and item.instruction is not instruction
        if asked and lowest and known and lowest.release[:2] != known.release[:2]:
            return lowest > known, item
        known = lowest if item.manager == "installer" else known
    return None


def repair(case: Case) -> Iterator[Repair]:
    """Another release, where one word states it."""
    from amlcheck.fixing.versions import other_conda

    yield from other_conda(case, case.image.packages)
