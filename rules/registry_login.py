"""The registry's login is incomplete, or there for an image that needs none

## What it asks

`baseImageRegistry` has address, user name and password, or nothing; and nothing for an image of a public registry.

## Why

With a part of it the image cannot be pulled. An image in the workspace's own registry or in a public one needs no login.

## Bad

```json inferenceconfig.json
{
    "entryScript": "score.py",
    "environment": {
        "name": "deploy",
        "docker": {
            "baseImage": "model:1",
            "baseImageRegistry": {"address": "example.azurecr.io", "username": "pull"}
        }
    }
}
```

## Good

```json inferenceconfig.json
{
    "entryScript": "score.py",
    "environment": {
        "name": "deploy",
        "docker": {
            "baseImage": "model:1",
            "baseImageRegistry": {"address": null, "username": null, "password": null}
        }
    }
}
```

## Undecided

```json inferenceconfig.json
{
    "entryScript": "score.py",
    "environment": {
        "name": "deploy",
        "docker": {
            "baseImage": "model:1",
            "baseImageRegistry": {"address": "example.azurecr.io", "username": "pull", "password": "$(REGISTRY_PASSWORD)"}
        }
    }
}
```

## Fix

State all three, or none.

**No automatic fix:** what is missing only the registry's owner knows; whether the login or the image is the mistake, the
author.

## Sources

- 2020-03 to 2021-04, "Use a custom base image": a private repository needs address, user name and password; public images
  need none.
"""

from __future__ import annotations

from collections.abc import Iterator

from amlcheck.environment.document import Mapping, Scalar, location
from amlcheck.environment.environment import Environment
from amlcheck.model import Notice, Severity

ID = "AML606"
SUBJECT = "environment"
SEVERITY = Severity.ERROR
FIX = "state address, user name and password, or none of them"
PARTS = ("address", "username", "password")
_NAMES = {"address": "address", "username": "user name", "password": "password"}


def check(environment: Environment) -> Iterator[Notice]:
    """What is stated of the three, and what the image is."""
    registry = environment.registry
    if registry is None or registry.open or registry.entry("registryIdentity") is not None:
        return
    given = [name for name in PARTS if _given(registry, name)]
    missing = [_NAMES[name] for name in PARTS if name not in given]
    first = registry.entry(*given) if given else None
    reference = environment.image_reference
    if given and missing:
        yield Notice(
            f"the registry's {' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing", location(first)
        )
    elif given and reference is not None and reference.registry in environment.knowledge.registries["microsoft"]:
        yield Notice(
            f"the image is in {reference.registry}, which needs no login, and a login is given",
            location(first),
            "leave the login out, or name the image of the private registry",
        )


def _given(registry: Mapping, name: str) -> bool:
    node = registry.get(name)
    return node is not None and not (isinstance(node, Scalar) and node.value == "")
