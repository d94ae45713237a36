"""The entry script imports what nothing in the environment provides

## What it asks

Every module that the entry script imports when it starts is Python's own, stands beside the script, or comes with a package
of the environment.

## Why

The server ends with ModuleNotFoundError before it answers anything.

## How it is read

Only imports that certainly happen count: at the top of the module or of `init()`, not under a condition or in a `try`.
Something is called missing only where it is known which package brings it, and of every package of the environment what it
brings along; a module that is not in rules/imports.toml is not judged.

## Bad

```yaml deployment.yml
$schema: https://azuremlschemas.azureedge.net/latest/managedOnlineDeployment.schema.json
name: blue
endpoint_name: model
instance_type: Standard_DS3_v2
code_configuration: {code: ., scoring_script: score.py}
environment:
  image: mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04:20241216.v1
  conda_file: conda.yml
```

```yaml + conda.yml
channels: [conda-forge]
dependencies:
  - python=3.11
  - pip=23.3
  - pip:
      - azureml-inference-server-http==1.5.1
      - scikit-learn==1.5.2
```

```python + score.py
import lightgbm


def init(): ...


def run(data): ...
```

## Good

```yaml deployment.yml
$schema: https://azuremlschemas.azureedge.net/latest/managedOnlineDeployment.schema.json
name: blue
endpoint_name: model
instance_type: Standard_DS3_v2
code_configuration: {code: ., scoring_script: score.py}
environment:
  image: mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04:20241216.v1
  conda_file: conda.yml
```

```yaml + conda.yml
channels: [conda-forge]
dependencies:
  - python=3.11
  - pip=23.3
  - pip:
      - azureml-inference-server-http==1.5.1
      - scikit-learn==1.5.2
```

```python + score.py
import json

import joblib
import numpy
from sklearn.linear_model import Ridge


def init(): ...


def run(data): ...
```

## Undecided

```yaml deployment.yml
$schema: https://azuremlschemas.azureedge.net/latest/managedOnlineDeployment.schema.json
name: blue
endpoint_name: model
instance_type: Standard_DS3_v2
code_configuration: {code: ., scoring_script: score.py}
environment:
  image: mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04:20241216.v1
  conda_file: conda.yml
```

```yaml + conda.yml
channels: [conda-forge]
dependencies:
  - python=3.11
  - pip=23.3
  - pip:
      - azureml-inference-server-http==1.5.1
      - our-own-package==1.0
```

```python + score.py
import lightgbm


def init(): ...


def run(data): ...
```

## Fix

List the package that brings it.

**No automatic fix:** which version of the package was tested is not known.

## Sources

- rules/imports.toml: which distribution brings a module, and what each brings along, from PyPI's metadata.
"""

from __future__ import annotations

from collections.abc import Iterator

from amlcheck.environment.environment import Environment
from amlcheck.model import Notice, Severity

ID = "AML626"
SUBJECT = "environment"
SEVERITY = Severity.ERROR
FIX = "list the package that brings it"


def check(environment: Environment) -> Iterator[Notice]:
    """The imports that certainly happen and that certainly nothing provides."""
    from amlcheck.environment.provided import missing_imports

    for item, distributions in missing_imports(environment):
        yield Notice(
            f"nothing in the environment provides the module {item.top}: {' or '.join(distributions)} is not listed",
            item.span.location,
        )
