"""A key that nothing reads

## What it asks

Every key is one that Azure ML's tools or conda read.

## Why

The v2 CLI refuses an unknown key; v1 and conda pass it over, and the setting has no effect.

## How it is read

A key is told where it is near a known one that is missing in the same section. A key that is like none may be newer than
this list, and nothing is said of it.

## Bad

```json inferenceconfig.json
{
    "entryScript": "score.py",
    "environment": {"name": "deploy", "docker": {"baseimage": "example.azurecr.io/model:1"}}
}
```

## Good

```json inferenceconfig.json
{
    "entryScript": "score.py",
    "environment": {"name": "deploy", "docker": {"baseImage": "example.azurecr.io/model:1"}}
}
```

## Undecided

```yaml environment.yml
$schema: https://azuremlschemas.azureedge.net/latest/environment.schema.json
name: model
image: mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04:20241216.v1
quantum_settings: none
```

## Fix

Write the key as it is known.

**Safe fix:** writes the known key where only capitals, hyphens or underscores differ.

**Unsafe fix:** writes the nearest one otherwise.

## Sources

- rules/environments.toml: the fields of azureml-core 1.61 and azure-ai-ml 1.35.2; conda's environment files.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from amlcheck.environment.document import location
from amlcheck.environment.environment import Environment
from amlcheck.model import Notice, Repair, Severity

if TYPE_CHECKING:
    from amlcheck.fixing.case import Case

ID = "AML602"
SUBJECT = "environment"
SEVERITY = Severity.ERROR
FIX = "write the key as it is known"


def check(environment: Environment) -> Iterator[Notice]:
    """Each unknown key with the nearest known one."""
    for item in environment.unknown_keys:
        section = f" in {item.where}" if item.where else ""
        message = f"nothing reads the key {item.entry.key!r}{section}; did you mean {item.nearest!r}?"
        yield Notice(message, location(item.entry), f"write {item.nearest}")


def repair(case: Case) -> Iterator[Repair]:
    """The known key in place of the unknown one."""
    from amlcheck.fixing.lists import renamed
    from amlcheck.model import Repair

    for item in case.beside.unknown_keys:
        edit = renamed(item.entry, item.nearest) if case.is_at(location(item.entry)) else None
        if edit is not None:
            same = _plain(item.entry.key) == _plain(item.nearest)
            yield Repair(f"write the key {item.nearest}", (edit,), safe=same)


def _plain(key: str) -> str:
    return key.lower().replace("-", "").replace("_", "")
