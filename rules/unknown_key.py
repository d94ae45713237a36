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

## Sources

- rules/environments.toml: the fields of azureml-core 1.61 and azure-ai-ml 1.35.2; conda's environment files.
"""

from __future__ import annotations

from collections.abc import Iterator

from amlcheck.environment.document import location
from amlcheck.environment.environment import Environment
from amlcheck.model import Notice, Severity

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
