"""libfuse, where datasets are mounted

## What it asks

The FUSE library is in the image, where datasets are mounted or downloaded (`--datasets`). The documents name the package
libfuse-dev; `fuse` and `libfuse2` bring the library too.

## Why

Without it, mounting a dataset fails when the service starts.

## How it is read

apt packages (libfuse2, libfuse-dev, fuse, fuse3), conda's libfuse, and the base image. Rule AML206 says more of which
of these packages bring what.

## Bad

```dockerfile --datasets
FROM ubuntu:20.04
RUN apt-get update && apt-get install -y wget
```

## Good

```dockerfile --datasets
FROM ubuntu:20.04
RUN apt-get update && apt-get install -y libfuse-dev fuse
```

## Undecided

```dockerfile --datasets
FROM ubuntu:20.04
RUN curl -fsSL https://example.com/setup.sh | bash
```

## Fix

`apt-get install -y libfuse-dev fuse`.

**Safe fix:** adds both packages to a list of apt packages that the stage installs anyway.

**Unsafe fix:** adds a RUN behind the last FROM, where there is no such list.

## Sources

- 2020-09 and 2021-04: "If you want to use Datasets, install the libfuse-dev package".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from amlcheck.dockerfile.built import Built
from amlcheck.dockerfile.testimony import presence
from amlcheck.model import Repair, Testimony

if TYPE_CHECKING:
    from amlcheck.fixing.case import Case

ID = "AML104"
FIX = "add `apt-get install -y libfuse-dev fuse`"


def testify(image: Built) -> Testimony:
    """Any package that brings the library."""
    return presence(image, "libfuse")


def repair(case: Case) -> Iterator[Repair]:
    """Both packages, in a list that is there or in a RUN of their own."""
    from amlcheck.fixing.apt import installed

    yield from installed(case, ("libfuse-dev", "fuse"))
