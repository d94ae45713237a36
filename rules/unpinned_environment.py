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

**Unsafe fix:** pins azureml-defaults, or pip, where nothing else is unpinned beside it. Which version of another package
was tested is not known.

## Sources

- 2021-04: pin package versions; Azure ML v2: dependencies pinned.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from amlcheck.environment.environment import Conda, Environment, Wanted
from amlcheck.environment.limits import MAX_RELATED
from amlcheck.model import Fact, Notice, Repair, Severity

if TYPE_CHECKING:
    from amlcheck.fixing.case import Case

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
        loose = _loose(conda, manager)
        if not loose or loose[0].span is None:
            continue
        yield Notice(
            f"{manager} takes the newest {_names(loose)} that fits: {'it is' if len(loose) == 1 else 'they are'} not pinned",
            loose[0].span.location,
            related=tuple(
                item.span.evidence("not pinned") for item in loose[1 : 1 + MAX_RELATED] if item.span is not None
            ),
        )


def _loose(conda: Conda, manager: str) -> list[Wanted]:
    """The packages of a manager that are not pinned."""
    loose = [item for item in conda.wanted if item.manager == manager and not item.pinned]
    if manager == "conda":  # Python without a version is still one Python; AML614 is about none at all
        loose = [item for item in loose if item.spec.name != "_libgcc_mutex"]
    return loose


def _names(items: list[Wanted]) -> str:
    names = list(dict.fromkeys(item.spec.name for item in items))
    return ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")


def repair(case: Case) -> Iterator[Repair]:
    """A release of azureml-defaults or of pip, where that is all."""
    from amlcheck.fixing.environment_packages import pinned_pip
    from amlcheck.fixing.python_packages import pinned

    conda, python = case.beside.conda, case.beside.python
    versions = python.value.versions if isinstance(python, Fact) else None
    for manager in ("conda", "pip") if conda is not None else ():
        assert conda is not None
        loose = _loose(conda, manager)
        if not loose or loose[0].span is None or not case.is_at(loose[0].span.location):
            continue
        names = {item.spec.name for item in loose}
        if manager == "pip" and names == {"azureml-defaults"}:
            yield from pinned(case, [item.word for item in loose], versions)
        elif manager == "conda" and names == {"pip"}:
            yield from pinned_pip(case, conda, loose[0])
