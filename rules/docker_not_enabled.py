"""docker.enabled is false although an image is named

## What it asks

Where an environment of SDK v1 or the ML CLI (v1) names an image or a Dockerfile, `docker.enabled` is not false.

## Why

The documents ask for `docker.enabled=True` to use a custom image; with false, runs on a compute take the machine's own
Python and the image is not used. (The documents' own JSON has false.)

## Bad

```json inferenceconfig.json
{
    "entryScript": "score.py",
    "environment": {"name": "deploy", "docker": {"enabled": false, "baseImage": "example.azurecr.io/model:1"}}
}
```

## Good

```json inferenceconfig.json
{
    "entryScript": "score.py",
    "environment": {"name": "deploy", "docker": {"enabled": true, "baseImage": "example.azurecr.io/model:1"}}
}
```

## Undecided

```python environment.py
import os

from azureml.core import Environment

env = Environment(name="deploy")
env.docker.enabled = bool(os.environ.get("USE_DOCKER"))
env.docker.base_image = "example.azurecr.io/model:1"
```

## Fix

Set it to true.

**Unsafe fix:** sets it to true.

## Sources

- 2020-03 to 2021-04, "Use an image with the Azure Machine Learning SDK": docker.enabled=True.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from amlcheck.environment.document import boolean, location, place
from amlcheck.environment.environment import Environment, stated
from amlcheck.model import Notice, Repair, Severity

if TYPE_CHECKING:
    from amlcheck.fixing.case import Case

ID = "AML604"
SUBJECT = "environment"
SEVERITY = Severity.WARNING
FIX = "set docker.enabled to true"


def check(environment: Environment) -> Iterator[Notice]:
    """The value, where there is an image that it is about."""
    if boolean(environment.docker_enabled) is False and (stated(environment.image) or stated(environment.dockerfile)):
        yield Notice(
            "docker.enabled is false: the image that is named here is used only where it is true",
            location(environment.docker_enabled),
        )


def repair(case: Case) -> Iterator[Repair]:
    """The value, written as false was."""
    from amlcheck.fixing.case import unsafe
    from amlcheck.fixing.edits import replaced

    node = case.beside.docker_enabled
    if node is None or not case.is_at(location(node)):
        return
    span = place(node)
    true = {"false": "true", "False": "True", "FALSE": "TRUE", "no": "yes", "off": "on"}.get(span.text)
    if true is not None:
        yield unsafe("set docker.enabled to true", replaced(span, true))
