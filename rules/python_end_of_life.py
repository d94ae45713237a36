"""Python is past its end of life

## What it asks

The Python that runs still gets security fixes.

## Why

New releases of the packages that serve the model no longer install on it, and Azure ML's v2 documents ask for a Python
that is not near its end of life.

## Bad

```dockerfile
FROM python:3.7-slim
```

## Good

```dockerfile
FROM python:3.13-slim
```

## Fix

Move to a Python that is supported.

**Unsafe fix:** takes the oldest Python that is supported, where one word states it (as rule AML103 does).

## Sources

- rules/pythons.toml: each release's end of life, with its source.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from amlcheck.dockerfile.built import Built
from amlcheck.dockerfile.interpreters import effective_python
from amlcheck.model import Fact, Notice, Repair, Severity
from amlcheck.today import today

if TYPE_CHECKING:
    from amlcheck.fixing.case import Case

ID = "AML207"
SEVERITY = Severity.WARNING
FIX = "move to a Python that is still supported"


def check(image: Built) -> Iterator[Notice]:
    """The release's end of life, compared with today."""
    python = effective_python(image).testimony
    if not isinstance(python, Fact) or python.value.versions is None or not python.evidence:
        return
    for version, end in image.knowledge.python_lifecycles.items():
        if python.value.versions <= image.knowledge.python_series(version) and end < today():
            located = next((item for item in python.evidence if item.location is not None), None)
            yield Notice(
                f"Python {version} is past its end of life since {end}",
                located.location if located is not None else None,
            )


def repair(case: Case) -> Iterator[Repair]:
    """Another Python, where one word states it."""
    from amlcheck.fixing.versions import other_python

    yield from other_python(case, case.image.packages)
