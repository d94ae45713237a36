r"""Docker refuses the file

## What it asks

The Dockerfile can be built: BuildKit's parser and its instruction checks accept every line. Where no line is an instruction,
as in YAML or JSON under the name of a Dockerfile, that is told once.

## Why

A file that Docker refuses yields no image. Mostly it is a line continuation that is none: a non-breaking space after the
backslash, a missing backslash, or a blank that looks like a space and is not.

## Bad

```dockerfile
FROM ubuntu:20.04
RUN apt-get update && \
    apt-get install -y git
    wget
```

```dockerfile
FROM ubuntu:20.04
COPPY environment.yml /tmp/
```

## Good

```dockerfile
FROM ubuntu:20.04
RUN apt-get update && \
    # comments and blank lines may stand inside

    apt-get install -y git wget
```

## Fix

Correct the place that is pointed at.

**Safe fix:** replaces a blank that only looks like a space.

**Unsafe fix:** writes the instruction or flag that is nearest to an unknown one, and continues a RUN whose next line is
indented.

## Sources

- moby/buildkit, frontend/dockerfile/parser and frontend/dockerfile/instructions, read 2026-11-21; EXPOSE:
  frontend/dockerfile/dockerfile2llb/convert_expose.go, and Docker 20.10: what both refuse.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from amlcheck.dockerfile.built import Built
from amlcheck.model import Notice, Repair, Severity

if TYPE_CHECKING:
    from amlcheck.fixing.case import Case

ID = "AML001"
SEVERITY = Severity.ERROR
FIX = "correct the line"


def check(image: Built) -> Iterator[Notice]:
    """Every refusal, at its place."""
    for problem in image.problems:
        yield Notice(f"Docker refuses this: {problem.message}", problem.span.location, problem.fix)


def repair(case: Case) -> Iterator[Repair]:
    """A plain space for what looks like one; the instruction or flag that was meant; the continuation that is missing."""
    from amlcheck.fixing import lines
    from amlcheck.fixing.blanks import plain_spaces

    yield from plain_spaces(case)
    yield from lines.nearest_word(case)
    yield from lines.continued(case)
