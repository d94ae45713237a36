"""A password stands in plain text beside the image

## What it asks

No registry password, token or key stands as plain text in an environment, deployment or program.

## Why

Such files are under version control, and Azure ML keeps the environment where everybody in the workspace can read it.

## Bad

```python environment.py
from azureml.core import Environment

env = Environment(name="deploy")
env.docker.base_image_registry.password = "swordfish-0815"
```

```yaml deployment.yml
$schema: https://azuremlschemas.azureedge.net/latest/managedOnlineDeployment.schema.json
name: blue
endpoint_name: model
instance_type: Standard_DS3_v2
environment: azureml:model:1
environment_variables:
  STORAGE_ACCOUNT_KEY: Zm9vYmFyYmF6cXV4MDEyMzQ1Njc4OQ==
```

## Good

```python environment.py
import os

from azureml.core import Environment

env = Environment(name="deploy")
env.docker.base_image_registry.password = os.environ["REGISTRY_PASSWORD"]
```

## Undecided

```python environment.py
from azureml.core import Environment
from settings import PASSWORD

env = Environment(name="deploy")
env.docker.base_image_registry.password = PASSWORD
```

## Fix

Take it from Azure Key Vault or the pipeline's secrets, and revoke the one that was committed.

**No automatic fix:** where the secret comes from then is the author's to say, and the committed one has to be revoked.

## Sources

- Azure ML v2: no registry credentials inside the environment; 2021-04: the samples' placeholders stand where a service
  principal's password would.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from amlcheck.environment.document import Node, Scalar, location
from amlcheck.environment.environment import Environment
from amlcheck.model import Notice, Severity
from amlcheck.regex import regex

ID = "AML607"
SUBJECT = "environment"
SEVERITY = Severity.ERROR
FIX = "take it from a key vault or the pipeline's secrets, and revoke the one that was committed"
_NAME = regex(
    r"(?:^|_)(?:PASSWORD|PASSWD|PWD|SECRET|TOKEN|API_?KEY|ACCESS_?KEY|ACCOUNT_?KEY|PRIVATE_?KEY|CREDENTIALS?|SAS"
    r"|CONNECTION_?STRING)(?:$|_)",
    re.IGNORECASE,
)
_NOT_A_SECRET = regex(r"(?:_FILE|_PATH|_DIR|_URL|_NAME|_ID|_ENABLED|_TTL|_EXPIRY|_TYPE|_LENGTH)$", re.IGNORECASE)
_PLACEHOLDER = regex(
    r"(?:|true|false|none|null|changeme|dummy|todo|x+|\*+|<.*>|\.\.\.|/.*|https?://.*|\d{1,7}|.*\byour\b.*|[\w-]+@https://.*)",
    re.IGNORECASE,
)


def check(environment: Environment) -> Iterator[Notice]:
    """The registry's password, and variables with a secret's name. The value is never in a message."""
    registry = environment.registry
    password = registry.get("password") if registry is not None else None
    if _plain(password):
        yield Notice("the registry's password stands here in plain text", location(password))
    for entry in environment.variables.entries if environment.variables is not None else ():
        if _NAME.search(entry.key) and not _NOT_A_SECRET.search(entry.key) and _plain(entry.node):
            assert isinstance(entry.node, Scalar)
            if not _PLACEHOLDER.fullmatch(str(entry.node.value)):
                yield Notice(f"the variable {entry.key} holds a secret in plain text", location(entry.node))


def _plain(node: Node | None) -> bool:
    """Whether a value is written out: not taken from elsewhere, not a template's variable."""
    return (
        isinstance(node, Scalar)
        and isinstance(node.value, str)
        and node.value.strip(" <>*.") != ""
        and (not node.value.startswith("<"))
    )
