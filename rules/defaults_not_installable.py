"""azureml-defaults cannot be installed in this version

## What it asks

The pinned release of azureml-defaults installs on the image's Python, and PyPI still has what it needs.

## Why

The build fails, or pip falls back to a release that nobody asked for. The releases 1.15 to 1.33 need versions of
azureml-dataprep-rslex that were removed from PyPI; each release supports only the Pythons of its time.

## Bad

```dockerfile
FROM python:3.8-slim
RUN pip install azureml-defaults==1.20.0
```

```dockerfile
FROM python:3.12-slim
RUN pip install azureml-defaults==1.40.0
```

```dockerfile
FROM continuumio/miniconda3:4.12.0
RUN conda install -y azureml-defaults=1.50
```

## Good

```dockerfile
FROM python:3.10-slim
RUN pip install azureml-defaults==1.62.0
```

## Fix

Raise azureml-defaults to a release that supports the image's Python.

**Unsafe fix:** raises the version, where one word states it. None for a package of conda: it has to move to pip.

## Sources

- rules/azureml_defaults.toml: PyPI's metadata of each release, and installations tried on 2026-11-21.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from amlcheck.dockerfile.built import Built
from amlcheck.dockerfile.defaults import DEFAULTS, installable
from amlcheck.model import Notice, Repair, Severity

if TYPE_CHECKING:
    from amlcheck.fixing.case import Case

ID = "AML309"
SEVERITY = Severity.ERROR
FIX = "take a release of azureml-defaults that supports the image's Python and is still complete on PyPI"


def check(image: Built) -> Iterator[Notice]:
    """Each pinned azureml-defaults that pip could not install."""
    for package in image.named(DEFAULTS, manager="conda"):
        located = next((item for item in package.chain if item.location is not None), None)
        yield Notice(
            "azureml-defaults is a package of pip: conda's channels do not have it",
            located.location if located is not None else None,
            "list it under pip:",
        )
    for package in image.named(DEFAULTS, manager="pip"):
        reason = installable(image, package)
        if reason and package.versions is not None:
            located = next((item for item in package.chain if item.location is not None), None)
            yield Notice(
                f"azureml-defaults {package.versions.text} cannot be installed: {reason}",
                located.location if located is not None else None,
            )


def repair(case: Case) -> Iterator[Repair]:
    """Another release."""
    from amlcheck.fixing.python_packages import raised
    from amlcheck.fixing.releases import python_of

    here = [
        item for item in case.image.named(DEFAULTS, manager="pip") if any(case.is_at(e.location) for e in item.chain)
    ]
    yield from raised(case, [item.written for item in here], python_of(case.image))
