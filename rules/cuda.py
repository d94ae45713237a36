"""CUDA, in the version that the flavour asks for

## What it asks

Nothing, unless a GPU flavour, a profile or `--require` asks for CUDA; then the toolkit or runtime of that version.

## Why

A framework built for another CUDA cannot use the GPU, or does not even load.

## How it is read

The tag of NVIDIA's base images, NVIDIA's apt packages (cuda-toolkit-11-8, cuda-cudart-10-0), conda's cudatoolkit, CUDA
run files by URL, the base image, and ENV CUDA_VERSION where nothing else says it.

## Bad

```dockerfile --flavour openmpi-gpu
FROM nvidia/cuda:11.3.1-cudnn8-devel-ubuntu18.04
```

## Good

```dockerfile --flavour openmpi-gpu
FROM nvidia/cuda:10.0-cudnn7-devel-ubuntu16.04
```

## Undecided

```dockerfile --flavour openmpi-gpu
FROM nvidia/cuda@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
```

## Fix

Start from the NVIDIA image of the CUDA that is asked for.

**No automatic fix:** another CUDA is another base image, whose other contents have to be looked at.

## Sources

- The table of dependencies in the documents of 2020-09 and 2021-04: 9.0, 10.0, 10.1.
"""

from __future__ import annotations

from amlcheck.dockerfile.built import Built
from amlcheck.dockerfile.stated import or_stated
from amlcheck.dockerfile.testimony import testify as from_packages
from amlcheck.model import Testimony

ID = "AML105"
FIX = "start from an NVIDIA image with CUDA {expected}"


def testify(image: Built) -> Testimony:
    """Packages and base image; where these do not tell, what ENV or LABEL state."""
    return or_stated(image, from_packages(image, "cuda"), ("CUDA_VERSION", "NV_CUDA_CUDART_VERSION"), ())
