"""The conda environment names no channels

## What it asks

A conda environment names the channels that its packages come from.

## Why

Without them the channels of whoever builds count: the same file gives another environment there.

## Bad

```yaml conda.yml
name: model
dependencies:
  - python=3.11
```

## Good

```yaml conda.yml
name: model
channels: [conda-forge]
dependencies:
  - python=3.11
```

## Undecided

```yaml conda.yml
name: model
channels: ${{ inputs.channels }}
dependencies:
  - python=3.11
```

## Fix

Add `channels:`, for example with conda-forge.

**Unsafe fix:** names conda-forge.

## Sources

- Azure ML v2, environment build problems: channels given.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from amlcheck.environment.environment import Environment, Kind
from amlcheck.model import Notice, Repair, Severity

if TYPE_CHECKING:
    from amlcheck.fixing.case import Case

ID = "AML618"
SUBJECT = "environment"
SEVERITY = Severity.WARNING
FIX = "name the channels, for example conda-forge"


def check(environment: Environment) -> Iterator[Notice]:
    """Whether the key is there and has something in it."""
    conda = environment.conda
    if conda is None or conda.from_requirements or environment.kind is Kind.SDK or environment.is_user_managed:
        return
    silent = conda.channels is None or (not conda.channels and not conda.open)
    if silent and conda.dependencies_span is not None:
        yield Notice("it names no channels", conda.dependencies_span.location)


def repair(case: Case) -> Iterator[Repair]:
    """The key, in front of the dependencies."""
    from amlcheck.fixing.environment_packages import with_channels

    if case.beside.conda is not None:
        yield from with_channels(case, case.beside.conda)
