"""cuDNN, in the version that the flavour asks for

## What it asks

Nothing, unless a GPU flavour, a profile or `--require` asks for cuDNN; then that version.

## Why

cuDNN's major version is part of the interface that frameworks are built against.

## How it is read

The base image's tag, libcudnn packages with their pinned versions, conda's cudnn, archives by URL, and
ENV NV_CUDNN_VERSION or NVIDIA's label where nothing else says it. A tag such as cudnn7 states only the major version.

## Bad

```dockerfile --require cudnn>=8
FROM nvidia/cuda:10.0-cudnn7-devel-ubuntu16.04
```

## Good

```dockerfile --require cudnn>=7
FROM nvidia/cuda:10.0-cudnn7-devel-ubuntu16.04
```

## Undecided

```dockerfile --require cudnn>=7.6
FROM nvidia/cuda:10.0-cudnn7-devel-ubuntu16.04
```

## Fix

Pin the package: `apt-get install libcudnn7=7.5.0.56-1+cuda10.0`.

**No automatic fix:** which build of the package is for the image's CUDA, the version alone does not tell.

## Sources

- The table of dependencies in the documents of 2020-09 and 2021-04: 7.4, 7.5.
"""

from __future__ import annotations

from amlcheck.dockerfile.built import Built
from amlcheck.dockerfile.stated import or_stated
from amlcheck.dockerfile.testimony import testify as from_packages
from amlcheck.model import Testimony

ID = "AML106"
FIX = "install cuDNN {expected}, pinned, or start from an image that has it"
LABELS = ("com.nvidia.cudnn.version",)


def testify(image: Built) -> Testimony:
    """Packages and base image; where these do not tell the version, what ENV or LABEL state."""
    return or_stated(image, from_packages(image, "cudnn"), ("NV_CUDNN_VERSION", "CUDNN_VERSION"), LABELS)
