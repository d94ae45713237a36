"""A file that is named was not read

## What it asks

The conda file, requirements file, environment file and entry script that a file names can be read.

## Why

What stands in it was not checked: that nothing else is found says nothing about it.

## How it is read

A file that is there and is not read is told: one outside of the project (the Git repository, or else the folder of the file
that names it), one of another kind (a pipe, a device), a very large one, or one that may not be read.

## Bad

```yaml environment.yml
$schema: https://azuremlschemas.azureedge.net/latest/environment.schema.json
name: model
image: mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04:20241216.v1
conda_file: /etc/hosts
```

## Good

```yaml environment.yml
$schema: https://azuremlschemas.azureedge.net/latest/environment.schema.json
name: model
image: mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04:20241216.v1
conda_file: conda.yml
```

```yaml + conda.yml
dependencies:
  - python=3.10
```

## Undecided

```yaml environment.yml
$schema: https://azuremlschemas.azureedge.net/latest/environment.schema.json
name: model
image: mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04:20241216.v1
conda_file: azureml:conda:1
```

## Fix

Move the file into the project, or check it by its own name.

**No automatic fix:** where the file belongs is its author's to say.

## Sources

- SECURITY.md: a repository cannot have files read that are none of its own.
"""

from __future__ import annotations

from collections.abc import Iterator

from amlcheck.environment.environment import Environment
from amlcheck.model import Notice, Severity

ID = "AML630"
SUBJECT = "environment"
SEVERITY = Severity.WARNING
FIX = "move it into the project, or check it by its own name"


def check(environment: Environment) -> Iterator[Notice]:
    """Each file that a reader found and could not read."""
    for item in environment.missing:
        if item.why:
            yield Notice(f"{item.what} was not checked: {item.why}", item.span.location)
