"""Image and environment have different Pythons

## What it asks

The environment that Azure ML builds on top of the image names the Python that the image has.

## Why

The environment's Python is what runs; what the image installs for its own (azureml-defaults, the model's packages) is not
seen by it.

## How it is read

The Dockerfile that the environment names, or that stands beside it. An image that is only named
is left alone: Microsoft's own are made to have another Python on top.

## Bad

```json inferenceconfig.json
{
    "entryScript": "score.py",
    "environment": {
        "name": "deploy",
        "docker": {"enabled": true, "baseDockerfile": "Dockerfile"},
        "python": {"condaDependencies": {"channels": ["conda-forge"], "dependencies": [
            "python=3.8", "pip=23.0", {"pip": ["azureml-defaults==1.54.0"]}
        ]}}
    }
}
```

```dockerfile + Dockerfile
FROM python:3.10-slim
```

## Good

```json inferenceconfig.json
{
    "entryScript": "score.py",
    "environment": {
        "name": "deploy",
        "docker": {"enabled": true, "baseDockerfile": "Dockerfile"},
        "python": {"condaDependencies": {"channels": ["conda-forge"], "dependencies": [
            "python=3.10", "pip=23.0", {"pip": ["azureml-defaults==1.54.0"]}
        ]}}
    }
}
```

```dockerfile + Dockerfile
FROM python:3.10-slim
```

## Undecided

```json inferenceconfig.json
{
    "entryScript": "score.py",
    "environment": {
        "name": "deploy",
        "docker": {"enabled": true, "baseDockerfile": "Dockerfile"},
        "python": {"condaDependencies": {"channels": ["conda-forge"], "dependencies": [
            "python=3.10", "pip=23.0", {"pip": ["azureml-defaults==1.54.0"]}
        ]}}
    }
}
```

```dockerfile + Dockerfile
FROM example.azurecr.io/our/base:1
```

## Fix

Name the same Python in both.

**Unsafe fix:** names the image's Python in the environment.

## Sources

- The documents' own samples: a Dockerfile with Python 3.7 and an inference config with python=3.6.2.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from amlcheck.environment.environment import Environment
from amlcheck.model import Fact, Notice, Repair, Severity

if TYPE_CHECKING:
    from amlcheck.fixing.case import Case

ID = "AML616"
SUBJECT = "environment"
SEVERITY = Severity.WARNING
FIX = "name the same Python in the image and in the environment"


def check(environment: Environment) -> Iterator[Notice]:
    """Both words on Python, where both are known and exclude each other."""
    from amlcheck.dockerfile.interpreters import effective_python

    above = environment.supplied.get("python")
    if environment.built is None or not environment.from_dockerfile or not isinstance(above, Fact):
        return
    below = effective_python(environment.built).testimony
    if not isinstance(below, Fact) or below.value.versions is None or above.value.versions is None:
        return
    if not below.value.versions.isdisjoint(above.value.versions):
        return
    place = next((item.location for item in above.evidence if item.location is not None), None)
    yield Notice(
        f"the environment names Python {above.value.text}, and the image below it has {below.value.text}",
        place,
        related=below.evidence,
    )


def repair(case: Case) -> Iterator[Repair]:
    """The image's Python in the environment."""
    from amlcheck.fixing.case import unsafe
    from amlcheck.fixing.releases import python_of
    from amlcheck.fixing.versions import number_in
    from amlcheck.fixing.words import rewritten

    below = python_of(case.beside.built)
    for item in case.beside.conda.named("python", manager="conda") if case.beside.conda is not None else ():
        number = number_in(item.spec.version_part)
        if number is not None and below is not None and re.fullmatch(r"\d+\.\d+(?:\.\d+)?", below.text):
            edit = rewritten(case, number, below.text)
            if edit is not None:
                yield unsafe(f"name Python {below.text}", edit)
