"""The environment's name is not allowed

## What it asks

The name has at most 255 characters and does not start with Microsoft or AzureML; in v2 it has letters, digits, `-`, `_` and
`.` only.

## Why

Azure ML refuses the environment when it is registered.

## Bad

```yaml environment.yml
$schema: https://azuremlschemas.azureedge.net/latest/environment.schema.json
name: AzureML-our-model
image: mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04:20241216.v1
```

## Good

```yaml environment.yml
$schema: https://azuremlschemas.azureedge.net/latest/environment.schema.json
name: our-model
image: mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04:20241216.v1
```

## Undecided

```yaml environment.yml
$schema: https://azuremlschemas.azureedge.net/latest/environment.schema.json
name: ${{ env.NAME }}
image: mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04:20241216.v1
```

## Fix

Take another name.

**No automatic fix:** others refer to the environment by its name.

## Sources

- Azure ML: names at most 255 characters, the prefixes Microsoft and AzureML are reserved for curated environments.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from amlcheck.environment.document import location, string
from amlcheck.environment.environment import Environment, Kind, Written
from amlcheck.model import Notice, Severity
from amlcheck.regex import regex

ID = "AML621"
SUBJECT = "environment"
SEVERITY = Severity.ERROR
FIX = "take another name"
LONGEST = 255
_RESERVED = regex(r"microsoft|azureml", re.IGNORECASE)
_ALLOWED = regex(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def check(environment: Environment) -> Iterator[Notice]:
    """The name of an environment that is registered under it."""
    name = string(environment.name)
    if name is None or environment.kind in (Kind.CONDA_FILE, Kind.DEPLOYMENT):
        return
    place = location(environment.name)
    if len(name) > LONGEST:
        yield Notice(f"the name has {len(name)} characters; {LONGEST} are allowed", place)
    elif _RESERVED.match(name):
        yield Notice(f"names that start with {name[:9] if name[0] in 'Mm' else name[:7]} are Microsoft's own", place)
    elif environment.written is Written.V2 and not _ALLOWED.fullmatch(name):
        yield Notice("the name has characters that are not allowed (letters, digits, -, _ and . are)", place)
