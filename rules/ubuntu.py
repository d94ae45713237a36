"""Ubuntu, in a release that Azure ML supports

## What it asks

The image's system is Ubuntu 16.04 or newer. Debian, CentOS, Alpine and the rest are not Ubuntu, whatever their version.

## Why

Azure ML installs its inference packages with apt and tests them on Ubuntu only.

## How it is read

The base image's name and tag, through ARG; a known image's contents where the name alone does not say it.

## Bad

```dockerfile
ARG RELEASE=14.04
FROM ubuntu:${RELEASE}
```

```dockerfile
FROM python:3.8-slim-buster
```

## Good

```dockerfile
FROM ubuntu:20.04
```

```dockerfile
FROM nvidia/cuda:11.3.1-cudnn8-runtime-ubuntu18.04
```

## Undecided

```dockerfile
FROM registry.example.com/team/base:7
```

## Fix

Start from ubuntu:20.04 or newer, or from an image that is built on it.

**Unsafe fix:** takes another tag of Docker's own `ubuntu` image: the oldest long-term release that is supported.

## Sources

- "Image requirements" of Microsoft's documents of 2020-03, 2020-09 and 2021-04: Ubuntu 16.04 or higher.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from amlcheck.dockerfile.built import Built
from amlcheck.model import Fact, Repair, Testimony, Unknown

if TYPE_CHECKING:
    from amlcheck.fixing.case import Case

ID = "AML101"
FIX = "start from Ubuntu {expected}, or from an image that is built on it"


def testify(image: Built) -> Testimony:
    """The system that the base image brings; no instruction replaces it."""
    value = image.base_value("ubuntu")
    if value is None:
        return Unknown("ubuntu", image.base_unknown("ubuntu"), image.base_chain("ubuntu"))
    if not value.present:
        return image.absence("ubuntu", "a system")
    return Fact("ubuntu", value, image.base_chain("ubuntu"))


def repair(case: Case) -> Iterator[Repair]:
    """Another release, where the base image is Docker's own."""
    from amlcheck.fixing.versions import other_ubuntu

    yield from other_ubuntu(case)
