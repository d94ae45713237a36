"""CUDA_VERSION says something else than the image has

## What it asks

ENV CUDA_VERSION, where it is set, is the CUDA that base image and packages bring.

## Why

Frameworks and installers choose their binaries by this variable.

## Bad

```dockerfile
FROM nvidia/cuda:11.3.1-runtime-ubuntu20.04
ENV CUDA_VERSION=10.2
```

## Good

```dockerfile
FROM nvidia/cuda:11.3.1-runtime-ubuntu20.04
ENV CUDA_VERSION=11.3.1
```

## Fix

Remove the variable, or state the CUDA that is there.

**Unsafe fix:** states the CUDA that is there.

## Sources

- NVIDIA's own images set CUDA_VERSION to the CUDA they contain.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from amlcheck.dockerfile.built import Built
from amlcheck.dockerfile.stated import stated
from amlcheck.dockerfile.testimony import testify as from_packages
from amlcheck.model import Fact, Notice, Repair, Severity

if TYPE_CHECKING:
    from amlcheck.fixing.case import Case

ID = "AML202"
SEVERITY = Severity.WARNING
FIX = "remove the variable, or state the CUDA that is there"


def check(image: Built) -> Iterator[Notice]:
    """A stated version that is outside what base image and packages bring, by major and minor number."""
    said = stated(image, ("CUDA_VERSION",), ())
    cuda = from_packages(image, "cuda")
    if said is None or not isinstance(cuda, Fact) or not cuda.value.present or cuda.value.versions is None:
        return
    value, chain = said
    lowest = value.versions.lowest if value.versions is not None else None
    there = cuda.value.versions.lowest
    if lowest is None or there is None or not chain or len(lowest.release) < 2:
        return
    if (
        value.versions is not None
        and value.versions.isdisjoint(cuda.value.versions)
        and lowest.release[:2] != there.release[:2]
    ):
        yield Notice(
            f"CUDA_VERSION is {value.text}, the image has CUDA {cuda.value.text}",
            chain[-1].location,
            related=cuda.evidence,
        )


def repair(case: Case) -> Iterator[Repair]:
    """The CUDA that is there, as the variable's value."""
    from amlcheck.fixing.case import unsafe
    from amlcheck.fixing.words import rewritten

    cuda = from_packages(case.image, "cuda")
    text = cuda.value.versions.text if isinstance(cuda, Fact) and cuda.value.versions is not None else ""
    for entry in reversed(case.image.stated_env):
        if entry.name == "CUDA_VERSION" and re.fullmatch(r"[\d.]+", text):
            edit = rewritten(case, entry.value, text)
            if edit is not None:
                yield unsafe(f"state CUDA {text}", edit)
