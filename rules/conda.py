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

## Sources

- "Image requirements": Conda 4.5.# or higher.
"""

from __future__ import annotations

import posixpath
from dataclasses import replace

from amlcheck.dockerfile.built import Built
from amlcheck.dockerfile.testimony import testify as from_packages
from amlcheck.model import Testimony

ID = "AML102"
FIX = "install Miniconda with conda {expected}, or add `conda install -y conda=VERSION`"


def testify(image: Built) -> Testimony:
    """The conda that is first on PATH; of several that are not, the last one installed."""
    prefixes = [prefix for prefix in image.conda_prefixes() if prefix]
    for entry in image.path():
        place = posixpath.dirname(entry.folder) if entry.folder else ""
        if place in prefixes and len(prefixes) > 1:
            here = [package for package in image.packages if package.name != "conda" or package.place in (place, "")]
            return from_packages(replace(image, packages=here), "conda")
    return from_packages(image, "conda")
