"""git, in the version that the flavour asks for

## What it asks

Nothing, unless a flavour, a profile or `--require` asks for git.

## Why

pip and conda install packages from repositories with it, and the flavours state its version.

## How it is read

apt packages (by the release of the distribution where they are not pinned), conda's git, and the base image.

## Bad

```dockerfile --require git
FROM ubuntu:20.04
```

## Good

```dockerfile --require git>=2.20
FROM ubuntu:20.04
RUN apt-get update && apt-get install -y git
```

## Undecided

```dockerfile --require git>=2.20
FROM registry.example.com/team/base:7
RUN apt-get update && apt-get install -y git
```

## Fix

`apt-get install -y git`.

**Safe fix:** adds git to a list of apt packages that the stage installs anyway.

**Unsafe fix:** adds a RUN behind the last FROM. None for another version than the distribution's.

## Sources

- The table of dependencies in the documents of 2020-09 and 2021-04: 2.7.4.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from amlcheck.dockerfile.built import Built
from amlcheck.dockerfile.testimony import testify as from_packages
from amlcheck.model import Repair, Testimony

if TYPE_CHECKING:
    from amlcheck.fixing.case import Case

ID = "AML111"
FIX = "install git ({expected})"


def testify(image: Built) -> Testimony:
    """Packages and base image."""
    return from_packages(image, "git")


def repair(case: Case) -> Iterator[Repair]:
    """The package, in a list that is there or in a RUN of its own."""
    from amlcheck.fixing.apt import installed

    if not case.image.named("git"):
        yield from installed(case, ("git",))
