"""Python, in a version that Azure ML supports

## What it asks

The Python that a plain `python` runs in the image (`python3`, where there is no `python`) is 3.6 or newer (3.5 or 3.6 in
the document of 2020-03).

## Why

The inference server and azureml-defaults run in it; on an older Python they cannot be installed.

## How it is read

PATH is walked as the image would: conda's prefix and what `conda install python=…` put there, conda environments,
virtual environments, apt's python3 by the release of the distribution, the base image. Of an environment file that is not
known to be used for scoring (a conda file, a v2 environment) this alone is judged, where the Python that it names is certainly
right or wrong.

## Bad

```dockerfile
FROM ubuntu:14.04
RUN apt-get update && apt-get install -y python3 python3-pip
```

```dockerfile
FROM continuumio/miniconda3:4.7.12
RUN conda install -y python=3.5
```

## Good

```dockerfile
FROM python:3.8-slim
```

```dockerfile
FROM ubuntu:20.04
RUN apt-get update && apt-get install -y python3
```

## Undecided

```dockerfile
FROM ubuntu:20.04
ARG VERSION
RUN apt-get update && apt-get install -y python${VERSION}
```

## Fix

Install a Python that the requirement accepts, where PATH finds it first.

**Unsafe fix:** takes the oldest Python that is accepted and supported, in `conda install python=…`, a copied conda file, an
installer's URL, or the tag of Docker's `python` image; where the version comes from an ARG or ENV, there.

## Sources

- "Image requirements": Python 3.6+ (2021-04), 3.5+ (2020-09), 3.5.# or 3.6.# (2020-03).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

from amlcheck.dockerfile.built import Built
from amlcheck.dockerfile.interpreters import effective_python
from amlcheck.model import Fact, Repair, Testimony
from amlcheck.records import replace

if TYPE_CHECKING:
    from amlcheck.fixing.case import Case

ID = "AML103"
FIX = "install Python {expected} where PATH finds it first (`conda install -y python=VERSION`)"


def testify(image: Built) -> Testimony:
    """The first Python on PATH; one that is not on PATH only where there is no other."""
    found = effective_python(image)
    if not isinstance(found.testimony, Fact):
        return found.testimony
    told = replace(found.testimony, fix=_fix(image, found.testimony))
    if not found.on_path and found.place:
        return replace(told, note=f"it stands in {found.place}, which is not on PATH")
    return told


def _fix(image: Built, told: Fact) -> str:
    """What to do where it is stated in a copied file, or comes with the base image; empty elsewhere."""
    first = told.evidence[0] if told.evidence else None
    if first is None or first.location is None:
        return ""
    place = first.location
    if place.path != image.dockerfile.source.path:
        return f"ask for Python {{expected}} in {os.path.basename(place.path)}, line {place.line}"
    if first.note == "base image":
        return "start from an image with Python {expected}, or install it where PATH finds it first"
    return ""


def repair(case: Case) -> Iterator[Repair]:
    """Another Python, where one word states it."""
    from amlcheck.fixing.versions import other_python

    yield from other_python(case, case.image.packages)
