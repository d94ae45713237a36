"""The environment names no Python, or more than one

## What it asks

A conda environment names exactly one Python, with a version.

## Why

Without one, conda takes the newest that its channels have, or none at all and pip has nowhere to install to; two that
differ cannot be solved.

## Bad

```yaml conda.yml
name: model
channels: [conda-forge]
dependencies:
  - pip=23.0
  - numpy=1.26.4
```

```yaml conda.yml
name: model
channels: [conda-forge]
dependencies:
  - python=3.10
  - python=3.11
```

## Good

```yaml conda.yml
name: model
channels: [conda-forge]
dependencies:
  - python=3.11
  - numpy=1.26.4
```

## Undecided

```yaml conda.yml
name: model
channels: [conda-forge]
dependencies:
  - ${{ inputs.python }}
  - numpy=1.26.4
```

## Fix

Name one, such as `python=3.11`.

**Unsafe fix:** names the Python of the image below, where that is known and none is named. Which one of two is meant is
not.

## Sources

- Azure ML v2, environment build problems: exactly one Python in the conda file.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from amlcheck.environment.environment import Environment, Kind
from amlcheck.model import Notice, Repair, Severity

if TYPE_CHECKING:
    from amlcheck.fixing.case import Case

ID = "AML614"
SUBJECT = "environment"
SEVERITY = Severity.WARNING
FIX = "name one Python with a version, such as python=3.11"


def check(environment: Environment) -> Iterator[Notice]:
    """The Pythons among the conda packages."""
    conda = environment.conda
    if conda is None or conda.from_requirements or environment.is_user_managed is not False:
        return
    pythons = conda.named("python", manager="conda")
    if len(pythons) > 1 and pythons[1].span is not None:
        first = pythons[0].span
        related = (first.evidence("the first one"),) if first is not None else ()
        yield Notice("it names Python more than once", pythons[1].span.location, related=related)
    elif not pythons and not conda.open and conda.dependencies_span is not None and environment.kind is not Kind.SDK:
        yield Notice("it names no Python: conda takes whichever it likes, or none", conda.dependencies_span.location)


def repair(case: Case) -> Iterator[Repair]:
    """The Python of the image below, as the first dependency."""
    from amlcheck.fixing.environment_packages import with_python

    conda = case.beside.conda
    if conda is not None and not conda.named("python", manager="conda"):
        yield from with_python(case, conda)
