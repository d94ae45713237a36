r"""MPI, of the family and version that the flavour asks for

## What it asks

Nothing, unless a flavour, a profile or `--require` asks for MPI; then that family (Open MPI, Intel MPI, MPICH) and version.

## Why

Distributed training starts the ranks with it, and the families do not understand each other.

## How it is read

Source archives by URL once they are built, apt packages (by the release of the distribution where they are not pinned),
conda and PyPI packages, and the base image.

## Bad

```dockerfile --flavour openmpi-cpu
FROM ubuntu:18.04
RUN apt-get update && apt-get install -y openmpi-bin
```

## Good

```dockerfile --flavour openmpi-cpu
FROM ubuntu:18.04
ENV OPENMPI_VERSION=3.1.2
RUN wget -q https://download.open-mpi.org/release/open-mpi/v3.1/openmpi-${OPENMPI_VERSION}.tar.gz && \
    tar zxf openmpi-${OPENMPI_VERSION}.tar.gz && cd openmpi-${OPENMPI_VERSION} && ./configure && make install
```

## Undecided

```dockerfile --flavour openmpi-cpu
FROM ubuntu:18.04
COPY mpi /usr/local/src/mpi
RUN cd /usr/local/src/mpi && ./configure && make install
```

## Fix

Build or install the family and version that is asked for.

**No automatic fix:** where the sources of another version are, and how they are built, is the author's to say.

## Sources

- The table of dependencies in the documents of 2020-09 and 2021-04: Intel MPI 2018.3.222, Open MPI 3.1.2.
"""

from __future__ import annotations

from amlcheck.dockerfile.built import Built
from amlcheck.dockerfile.testimony import testify as from_packages
from amlcheck.model import Testimony

ID = "AML108"
FIX = "install {expected}"


def testify(image: Built) -> Testimony:
    """Packages, archives and base image."""
    return from_packages(image, "mpi")
