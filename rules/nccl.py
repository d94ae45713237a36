"""NCCL, in the version that the flavour asks for

## What it asks

Nothing, unless a GPU flavour, a profile or `--require` asks for NCCL; then that version.

## Why

Several GPUs talk to each other through it.

## How it is read

libnccl2 and libnccl-dev with their pinned versions, conda's nccl, archives by URL, the base image, and ENV NCCL_VERSION
where nothing else says it.

## Bad

```dockerfile --flavour openmpi-gpu
FROM nvidia/cuda:10.0-base-ubuntu16.04
RUN apt-get update && apt-get install -y libnccl2=2.3.7-1+cuda10.0
```

## Good

```dockerfile --flavour openmpi-gpu
FROM nvidia/cuda:10.0-base-ubuntu16.04
RUN apt-get update && apt-get install -y libnccl2=2.4.8-1+cuda10.0
```

## Undecided

```dockerfile --flavour openmpi-gpu
FROM nvidia/cuda:10.0-base-ubuntu16.04
ARG NCCL
RUN apt-get update && apt-get install -y libnccl2=${NCCL}
```

## Fix

Pin the package: `apt-get install libnccl2=2.4.8-1+cuda10.0`.

**No automatic fix:** which build of the package is for the image's CUDA, the version alone does not tell.

## Sources

- The table of dependencies in the documents of 2020-09 and 2021-04: 2.4.
"""

from __future__ import annotations

from amlcheck.dockerfile.built import Built
from amlcheck.dockerfile.stated import or_stated
from amlcheck.dockerfile.testimony import testify as from_packages
from amlcheck.model import Testimony

ID = "AML107"
FIX = "install NCCL {expected}, pinned, or start from an image that has it"


def testify(image: Built) -> Testimony:
    """Packages and base image; where these do not tell the version, what ENV states."""
    return or_stated(image, from_packages(image, "nccl"), ("NCCL_VERSION", "NV_LIBNCCL_PACKAGE_VERSION"), ())
