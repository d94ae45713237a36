"""inferencing_stack_version is not "latest" for an image of one's own

## What it asks

An environment of v1 that is deployed on an image that is not Microsoft's has `inferencingStackVersion` "latest".

## Why

It installs the apt packages that the web service needs (nginx, runit and others), which other images do not have.

## Bad

```json inferenceconfig.json
{
    "entryScript": "score.py",
    "environment": {"name": "deploy", "docker": {"enabled": true, "baseImage": "example.azurecr.io/model:1"}}
}
```

## Good

```json inferenceconfig.json
{
    "entryScript": "score.py",
    "environment": {
        "name": "deploy",
        "inferencingStackVersion": "latest",
        "docker": {"enabled": true, "baseImage": "example.azurecr.io/model:1"}
    }
}
```

## Undecided

```json inferenceconfig.json
{
    "entryScript": "score.py",
    "environment": {
        "name": "deploy",
        "inferencingStackVersion": "{{ stack }}",
        "docker": {"enabled": true, "baseImage": "example.azurecr.io/model:1"}
    }
}
```

## Fix

Set it to "latest".

**Unsafe fix:** sets it, in JSON and YAML; what is installed on top of the image changes with it.

## Sources

- 2020-03 to 2021-04: "You must also set the inferencing_stack_version property on the environment to latest".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from amlcheck.environment.document import location, string
from amlcheck.environment.environment import Environment, Written, is_open
from amlcheck.model import Notice, Repair, Severity

if TYPE_CHECKING:
    from amlcheck.fixing.case import Case

ID = "AML613"
SUBJECT = "environment"
SEVERITY = Severity.WARNING
FIX = 'set inferencing_stack_version to "latest"'


def check(environment: Environment) -> Iterator[Notice]:
    """The property, where a deployment names an image of its own."""
    if environment.written is Written.V2 or not environment.scoring or is_open(environment.stack_version):
        return
    reference = environment.image_reference
    if reference is None or reference.registry in environment.knowledge.registries["microsoft"]:
        return
    if string(environment.stack_version) != "latest":
        said = f"is {string(environment.stack_version)!r}" if environment.stack_version is not None else "is not set"
        yield Notice(
            f'inferencing_stack_version {said}: for an image that is not Microsoft\'s it has to be "latest"',
            location(environment.stack_version or environment.image),
        )


def repair(case: Case) -> Iterator[Repair]:
    """The value, or the key in front of the section that names the image."""
    from amlcheck.fixing.environment_packages import stack_version

    yield from stack_version(case, case.beside.stack_version, case.beside.docker)
