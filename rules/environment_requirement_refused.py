"""A requirement that pip refuses, in the environment

## What it asks

The entries of a conda file's pip section and the lines of requirements files can be read as requirements (PEP 508).

## Why

pip stops at the first one that it cannot read ("Invalid requirement"), and Azure ML's build of the environment fails with it.

## How it is read

Only what every pip refuses is told. Versions that pip took until 24.1 (`ipython>=5.*`), paths, URLs, archives and templates
are let pass; `name=version` in a file of its own is, too, where nothing else tells that pip reads it and not conda.

## Bad

```yaml conda.yml
name: model
channels: [conda-forge]
dependencies:
  - python=3.11
  - pip=23.3
  - pip:
      - numpy=>1.26
```

## Good

```yaml conda.yml
name: model
channels: [conda-forge]
dependencies:
  - python=3.11
  - pip=23.3
  - pip:
      - --extra-index-url https://pypi.example.com/simple
      - numpy>=1.26,<2  # for the model
      - torch==2.1.0+cpu; sys_platform == "linux"
```

## Undecided

```yaml conda.yml
name: model
channels: [conda-forge]
dependencies:
  - python=3.11
  - pip=23.3
  - pip:
      - numpy={{ version }}
```

## Fix

Write the requirement as pip reads it: `name==version`, `name>=version`.

**No automatic fix:** what was meant is not known.

## Sources

- PEP 508 and PEP 440; packaging.requirements of packaging 21.3 (pip before 24.1) and 26.
"""

from __future__ import annotations

from collections.abc import Iterator

from amlcheck.environment.environment import Environment
from amlcheck.model import Notice, Severity

ID = "AML631"
SUBJECT = "environment"
SEVERITY = Severity.ERROR
FIX = "write it as pip reads it: name==version, name>=version"


def check(environment: Environment) -> Iterator[Notice]:
    """Each of them, where it is written."""
    conda = environment.conda
    if conda is None or environment.is_user_managed:
        return
    for word, why in conda.refused:
        yield Notice(f"pip refuses {word.value.strip()[:60]!r}: {why}", (word.span or conda.span).location)
