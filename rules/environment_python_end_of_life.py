"""The environment's Python is past its end of life

## What it asks

The Python that the environment names still gets security fixes.

## Why

New releases of what serves the model no longer install on it, and Azure ML's v2 documents ask for a Python that is not
near its end of life.

## Bad

```yaml conda.yml
name: model
channels: [conda-forge]
dependencies:
  - python=3.6.2
```

## Good

```yaml conda.yml
name: model
channels: [conda-forge]
dependencies:
  - python=3.13
```

## Undecided

```yaml conda.yml
name: model
channels: [conda-forge]
dependencies:
  - python>=3.6
```

## Fix

Move to a Python that is still supported.

**Unsafe fix:** takes the oldest Python that is supported.

## Sources

- rules/pythons.toml: each release's end of life, with its source.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from amlcheck.dockerfile.source import Span
from amlcheck.environment.environment import Environment, Wanted
from amlcheck.model import Notice, Repair, Severity
from amlcheck.today import today

if TYPE_CHECKING:
    from amlcheck.fixing.case import Case

ID = "AML615"
SUBJECT = "environment"
SEVERITY = Severity.WARNING
FIX = "move to a Python that is still supported"


def check(environment: Environment) -> Iterator[Notice]:
    """The release's end of life, compared with today."""
    for item in environment.conda.named("python", manager="conda") if environment.conda is not None else ():
        for version, end in environment.knowledge.python_lifecycles.items():
            series = environment.knowledge.python_series(version)
            if item.spec.versions is None or item.span is None or not item.spec.versions <= series:
                continue
            if end < today():
                place = _version(item).location
                yield Notice(f"Python {item.spec.versions.text} is past its end of life since {end}", place)


def _version(item: Wanted) -> Span:
    """The version without its operator."""
    assert item.span is not None
    span = (item.spec.version_part.span if item.spec.version_part is not None else None) or item.span
    text = span.text
    return Span(span.source, span.start + len(text) - len(text.lstrip("=~ ")), span.end) if text.strip("=~ ") else span


def repair(case: Case) -> Iterator[Repair]:
    """Another Python."""
    from amlcheck.fixing.versions import python_in

    for item in case.beside.conda.named("python", manager="conda") if case.beside.conda is not None else ():
        if item.span is not None and case.is_at(_version(item).location):
            yield from python_in(case, item.spec.version_part)
