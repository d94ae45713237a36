"""pip packages are listed, and pip itself is not

## What it asks

A conda environment with a `pip:` section lists pip among the conda packages, before the section.

## Why

conda warns and adds pip by itself, in whatever version; newer ones refuse.

## Bad

```yaml conda.yml
name: model
channels: [conda-forge]
dependencies:
  - python=3.11
  - pip:
      - numpy==1.26.4
```

## Good

```yaml conda.yml
name: model
channels: [conda-forge]
dependencies:
  - python=3.11
  - pip=23.3
  - pip:
      - numpy==1.26.4
```

## Undecided

```yaml conda.yml
name: model
channels: [conda-forge]
dependencies:
  - python=3.11
  - {{ installer }}
  - pip:
      - numpy==1.26.4
```

## Fix

Add `- pip=VERSION` before the section.

**Safe fix:** lists pip in front of the section, in a version for the environment's Python: conda adds it by itself
otherwise.

## Sources

- conda: "you have pip-installed dependencies in your environment file, but you do not list pip itself as one of your conda
  dependencies"; Azure ML v2: pip present and pinned.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from amlcheck.environment.environment import Environment, Kind
from amlcheck.model import Notice, Repair, Severity

if TYPE_CHECKING:
    from amlcheck.fixing.case import Case

ID = "AML617"
SUBJECT = "environment"
SEVERITY = Severity.WARNING
FIX = "list pip, with a version, before the pip section"


def check(environment: Environment) -> Iterator[Notice]:
    """Where pip is listed, and where its section begins."""
    conda = environment.conda
    if conda is None or conda.pip_span is None or environment.kind is Kind.SDK or environment.is_user_managed:
        return
    if conda.pip_listed is None:
        if not conda.open:
            yield Notice("packages are listed under pip, and pip itself is not listed", conda.pip_span.location)
    elif conda.pip_listed.start > conda.pip_span.start:
        yield Notice("pip is listed after its section", conda.pip_listed.location, "put pip before the section")


def repair(case: Case) -> Iterator[Repair]:
    """Pip in front of its section."""
    from amlcheck.fixing.environment_packages import pip_in_front

    if case.beside.conda is not None:
        yield from pip_in_front(case, case.beside.conda)
