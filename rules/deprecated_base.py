"""The base image is deprecated by its publisher

## What it asks

The base image is not one of Microsoft's deprecated `azureml/*` images (the Intel MPI ones, and all of Ubuntu 16.04 and
18.04), and not another image that its publisher has given up.

## Why

They get no fixes, and Azure ML refuses or warns about some of them.

## Bad

```dockerfile
FROM mcr.microsoft.com/azureml/openmpi3.1.2-ubuntu18.04:20210714.v1
```

## Good

```dockerfile
FROM mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04:20241216.v1
```

## Fix

Move to the image that its publisher names as the successor.

**Unsafe fix:** moves to the successor that rules/remedies.toml has for it. None for GPU images: theirs has another CUDA.

## Sources

- rules/base_images.toml: the publisher's statement for each.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from amlcheck.dockerfile.built import Built
from amlcheck.model import Notice, Repair, Severity

if TYPE_CHECKING:
    from amlcheck.fixing.case import Case

ID = "AML303"
SEVERITY = Severity.WARNING
FIX = "move to the successor, for example mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04"


def check(image: Built) -> Iterator[Notice]:
    """What is known of the final stage's base image."""
    base = image.base
    if base is not None and base.known is not None and base.known.deprecated:
        yield Notice(f"{base.name} is deprecated: {base.known.deprecated}", base.span.location)


def repair(case: Case) -> Iterator[Repair]:
    """The successor."""
    from amlcheck.fixing.images import succeeded

    base = case.image.base
    if base is not None and base.reference is not None:
        yield from succeeded(case, base.word, base.reference)
