"""A file that is named is not there

## What it asks

The conda file, Dockerfile, requirements file, environment file and entry script that a file names stand where it says.

## Why

The deployment fails before anything is built.

## How it is read

Relative to the file that names it; an entry script relative to the folder of the code. Paths that Azure ML or a program
resolves (`azureml:…`, URLs, variables) are not judged.

## Bad

```yaml deployment.yml
$schema: https://azuremlschemas.azureedge.net/latest/managedOnlineDeployment.schema.json
name: blue
endpoint_name: model
instance_type: Standard_DS3_v2
code_configuration:
  code: .
  scoring_script: scores.py
environment: azureml:model:1
```

## Good

```yaml deployment.yml
$schema: https://azuremlschemas.azureedge.net/latest/managedOnlineDeployment.schema.json
name: blue
endpoint_name: model
instance_type: Standard_DS3_v2
code_configuration:
  code: .
  scoring_script: score.py
environment: azureml:model:1
```

```python + score.py
def init(): ...


def run(data): ...
```

## Undecided

```yaml deployment.yml
$schema: https://azuremlschemas.azureedge.net/latest/managedOnlineDeployment.schema.json
name: blue
endpoint_name: model
instance_type: Standard_DS3_v2
code_configuration:
  code: azureml:scoring-code:1
  scoring_script: score.py
environment: azureml:model:1
```

## Fix

Correct the name, or add the file.

**Unsafe fix:** names the one file of the folder whose name is nearly the same.

## Sources

- azure-ai-ml 1.35.2 and the ML CLI (v1): relative paths start from the file's own folder.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from amlcheck.environment.environment import Environment
from amlcheck.model import Notice, Repair, Severity

if TYPE_CHECKING:
    from amlcheck.fixing.case import Case

ID = "AML603"
SUBJECT = "environment"
SEVERITY = Severity.ERROR
FIX = "correct the name, or add the file"


def check(environment: Environment) -> Iterator[Notice]:
    """Each file that a reader looked for in vain."""
    for item in environment.missing:
        if not item.why:
            yield Notice(f"{item.what} is not there: {item.path}", item.span.location)


def repair(case: Case) -> Iterator[Repair]:
    """The file whose name is nearly the one that is stated."""
    from amlcheck.fixing.files import nearest_file

    for item in case.beside.missing:
        if not item.why and case.is_at(item.span.location):
            yield from nearest_file(item.span, item.path)
