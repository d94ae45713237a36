"""A package of the environment is not pinned

## What it asks

Every package of a conda or requirements file is asked for in one version.

## Why

"When using custom Docker images, it is recommended that you pin package versions in order to better ensure
reproducibility". An unpinned package is another one when the environment is built again, and an unpinned azureml-defaults
is another server.

## How it is read

One notice for all packages of pip, and one for all of conda, at the first of them; the others are named with their places.
pip and setuptools count too: conda files pin them.

## Bad

```yaml conda.yml
name: model
channels: [conda-forge]
dependencies:
  - python=3.11
  - pip=23.3
  - pip:
      - azureml-defaults
```

## Good

```yaml conda.yml
name: model
channels: [conda-forge]
dependencies:
  - python=3.11
  - pip=23.3
  - pip:
      - azureml-defaults==1.62.0
```

## Undecided

```yaml conda.yml
name: model
channels: [conda-forge]
dependencies:
  - python=3.11
  - pip=23.3
  - pip:
      - azureml-defaults=={{ version }}
```

## Fix

Write `package==version` for pip and `package=version` for conda.

## Sources

- 2021-04: pin package versions; Azure ML v2: dependencies pinned.
"""

from __future__ import annotations

from collections.abc import Iterator

from amlcheck.environment.environment import Environment, Wanted
from amlcheck.environment.limits import MAX_RELATED
from amlcheck.model import Notice, Severity

ID = "AML619"
SUBJECT = "environment"
SEVERITY = Severity.WARNING
FIX = "pin it: package==version for pip, package=version for conda"
_SHOWN = 4
"""Packages that the message names."""


def check(environment: Environment) -> Iterator[Notice]:
    """The packages of each manager that are asked for in no version or a range."""
    conda = environment.conda
    if conda is None:
        return
    for manager in ("conda", "pip"):
        loose = [item for item in conda.wanted if item.manager == manager and not item.pinned]
        if manager == "conda":  # Python without a version is still one Python; AML614 is about none at all
            loose = [item for item in loose if item.spec.name != "_libgcc_mutex"]
        if not loose or loose[0].span is None:
            continue
        yield Notice(
            f"{manager} takes the newest {_names(loose)} that fits: {'it is' if len(loose) == 1 else 'they are'} not pinned",
            loose[0].span.location,
            related=tuple(
                item.span.evidence("not pinned") for item in loose[1 : 1 + MAX_RELATED] if item.span is not None
            ),
        )


def _names(items: list[Wanted]) -> str:
    names = list(dict.fromkeys(item.spec.name for item in items))
    return ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")
