"""Only half of what mounting datasets needs

## What it asks

Where the image brings FUSE, it brings both: the library that the documents ask for (libfuse-dev) and the program
`fusermount`, which the package `fuse` brings and libfuse-dev does not.

## Why

Mounting a dataset looks for `fusermount`. The documents name libfuse-dev; their own sample installs only `fuse`.

## Bad

```dockerfile
FROM ubuntu:20.04
RUN apt-get update && apt-get install -y libfuse-dev
```

```dockerfile
FROM ubuntu:20.04
RUN apt-get update && apt-get install -y fuse
```

## Good

```dockerfile
FROM ubuntu:20.04
RUN apt-get update && apt-get install -y fuse libfuse-dev
```

## Fix

`apt-get install -y fuse libfuse-dev`.

**Safe fix:** adds the other one right behind the one that is installed.

## Sources

- 2020-09 and 2021-04: "install the libfuse-dev package"; docs/azureml-facts of the project, section 3.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from amlcheck.dockerfile.built import Built, Package
from amlcheck.model import Notice, Repair, Severity

if TYPE_CHECKING:
    from amlcheck.fixing.case import Case

ID = "AML206"
SEVERITY = Severity.INFO
FIX = "install both: `apt-get install -y fuse libfuse-dev`"


def check(image: Built) -> Iterator[Notice]:
    """One of the two packages without the other."""
    programs = image.named("fuse", "fuse3", manager="apt")
    headers = image.named("libfuse-dev", "libfuse3-dev", manager="apt")
    if programs and not headers:
        yield _notice(
            programs[-1], "fuse is installed, but not libfuse-dev, which the documents ask for where datasets are used"
        )
    if headers and not programs:
        yield _notice(
            headers[-1], "libfuse-dev is installed, but not fuse: there is no fusermount, and mounting a dataset fails"
        )


def _notice(package: Package, message: str) -> Notice:
    return Notice(message, package.chain[-1].location if package.chain else None)


def repair(case: Case) -> Iterator[Repair]:
    """The missing half beside the one that is there: of fuse or of fuse3, which cannot be installed together."""
    from amlcheck.fixing.apt import beside

    for package in (
        *case.image.named("fuse", "fuse3", manager="apt"),
        *case.image.named("libfuse-dev", "libfuse3-dev"),
    ):
        other = {"fuse": "libfuse-dev", "libfuse-dev": "fuse", "fuse3": "libfuse3-dev", "libfuse3-dev": "fuse3"}
        if package.chain and case.is_at(package.chain[-1].location):
            yield from beside(case, package, (other[package.name],))
