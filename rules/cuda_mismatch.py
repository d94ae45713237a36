"""cuDNN or NCCL built for another CUDA

## What it asks

cuDNN and NCCL packages name the CUDA they were built for (`libnccl2=2.4.8-1+cuda10.0`); it is the image's own major version.

## Why

They load the runtime of the CUDA they were built for; with another major version they do not load.

## Bad

```dockerfile
FROM nvidia/cuda:11.3.1-base-ubuntu20.04
RUN apt-get update && apt-get install -y libcudnn8=8.2.1.32-1+cuda10.2
```

## Good

```dockerfile
FROM nvidia/cuda:11.3.1-base-ubuntu20.04
RUN apt-get update && apt-get install -y libcudnn8=8.2.1.32-1+cuda11.3
```

## Fix

Install the package that is built for the image's CUDA.

**No automatic fix:** which build of the package is for the image's CUDA, its name does not tell.

## Sources

- NVIDIA's package names: the suffix +cudaX.Y names the CUDA that the library was built for.
"""

from __future__ import annotations

from collections.abc import Iterator

from amlcheck.dockerfile.built import Built, last_wins
from amlcheck.dockerfile.testimony import testify as from_packages
from amlcheck.model import Fact, Notice, Severity
from amlcheck.regex import regex

ID = "AML201"
SEVERITY = Severity.ERROR
FIX = "install the package that is built for the image's CUDA"
_SUFFIX = regex(r"(?:\+cuda|_cuda|-cuda-?|-cu)(\d+)(?:[.-]?(\d+))?")


def check(image: Built) -> Iterator[Notice]:
    """Packages whose own words name another CUDA major version than the image has."""
    cuda = from_packages(image, "cuda")
    if not isinstance(cuda, Fact) or cuda.value.versions is None or cuda.value.versions.lowest is None:
        return
    for component in ("cudnn", "nccl"):
        for package, _ in last_wins(image.installed(component)):
            if package.written is None:
                continue
            match = _SUFFIX.search(package.written.value)
            if match is None or package.manager == "pip":
                continue
            major = match.group(1)[:2] if len(match.group(1)) > 2 else match.group(1)
            if int(major) != cuda.value.versions.lowest.major and package.chain:
                yield Notice(
                    f"{package.name} is built for CUDA {major}, the image has CUDA {cuda.value.text}",
                    package.chain[-1].location,
                    related=cuda.evidence,
                )
