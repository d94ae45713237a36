"""The ML CLI (v1) cannot use an image of this registry

## What it asks

An inference config of the ML CLI (v1) names an image of the workspace's registry or of a public one.

## Why

That CLI cannot use images of standalone private registries; SDK v1 can, with `base_image_registry`.

## How it is read

A registry with a login, and a host that is neither public nor an Azure registry, are standalone. Whether an Azure registry
without a login is the workspace's own is not known, and nothing is said of it.

## Bad

```json inferenceconfig.json
{
    "entryScript": "score.py",
    "environment": {"name": "deploy", "docker": {"enabled": true, "baseImage": "registry.example.com/model:1"}}
}
```

## Good

```json inferenceconfig.json
{
    "entryScript": "score.py",
    "environment": {
        "name": "deploy",
        "docker": {"enabled": true, "baseImage": "mcr.microsoft.com/azureml/o16n-sample-user-base/ubuntu-miniconda:latest"}
    }
}
```

## Undecided

```json inferenceconfig.json
{
    "entryScript": "score.py",
    "environment": {"name": "deploy", "docker": {"enabled": true, "baseImage": "example.azurecr.io/model:1"}}
}
```

## Fix

Push the image into the workspace's registry, make it public, or deploy with the SDK.

**No automatic fix:** where the image can be pushed is not known.

## Sources

- 2020-03 to 2021-04, "Use an image with the Machine Learning CLI": it cannot use images from standalone private registries.
"""

from __future__ import annotations

from collections.abc import Iterator

from amlcheck.environment.document import Node, location, string
from amlcheck.environment.environment import Environment, Written
from amlcheck.model import Notice, Severity

ID = "AML610"
SUBJECT = "environment"
SEVERITY = Severity.ERROR
FIX = "push the image into the workspace's registry, make it public, or deploy with the SDK"
_AZURE = ("azurecr.io", "azurecr.cn", "azurecr.us")


def check(environment: Environment) -> Iterator[Notice]:
    """The registry of the image, for the tool that reads the file."""
    if environment.written is not Written.CLI_V1:
        return
    registry = environment.registry
    address: Node | None = registry.get("address") if registry is not None else None
    public = environment.knowledge.registries["public"]
    named = string(address)
    reference = environment.image_reference
    if named:
        if named not in public:
            yield Notice(f"the ML CLI (v1) cannot use the private registry {named}", location(address))
    elif reference is not None and _is_standalone(reference.registry, public):
        yield Notice(
            f"the ML CLI (v1) cannot use an image of {reference.registry}, unless everybody can pull it",
            location(environment.image),
        )


def _is_standalone(host: str, public: list[str]) -> bool:
    """Whether a host is neither public nor an Azure registry, which may be the workspace's own."""
    return "." in host and host not in public and not host.endswith(_AZURE)
