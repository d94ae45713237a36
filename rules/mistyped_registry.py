"""The registry's host looks mistyped

## What it asks

The host in an image's name and in a registry's address is not a near miss of a well-known one.

## Why

No such host exists, or it is somebody else's: the login would be sent there. The documents themselves have
`myregistry.azureecr.io` where `myregistry.azurecr.io` is meant.

## Bad

```python environment.py
from azureml.core import Environment

env = Environment(name="deploy")
env.docker.base_image_registry.address = "myregistry.azureecr.io"
```

## Good

```python environment.py
from azureml.core import Environment

env = Environment(name="deploy")
env.docker.base_image_registry.address = "myregistry.azurecr.io"
```

## Undecided

```python environment.py
from azureml.core import Environment
from settings import REGISTRY

env = Environment(name="deploy")
env.docker.base_image_registry.address = REGISTRY
```

## Fix

Correct the host.

**Unsafe fix:** writes the host that is meant: a login is sent there.

## Sources

- 2020-03 to 2021-04: `myregistry.azureecr.io` (sic) and `myregistry.azurecr.io`; rules/environments.toml has the hosts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from amlcheck.environment.document import Scalar, location, string
from amlcheck.environment.environment import Environment
from amlcheck.model import Notice, Repair, Severity

if TYPE_CHECKING:
    from amlcheck.fixing.case import Case

ID = "AML605"
SUBJECT = "environment"
SEVERITY = Severity.ERROR
FIX = "correct the registry's host"
_SHORTEST = 9
"""Characters of a host that is compared: shorter ones are near to too many others."""


def check(environment: Environment) -> Iterator[Notice]:
    """The host of the image and of the registry."""
    for node, host, meant in _mistyped(environment):
        yield Notice(f"{host} looks mistyped: is {meant} meant?", location(node), f"write {meant}")


def _mistyped(environment: Environment) -> Iterator[tuple[Scalar, str, str]]:
    """Each value with a host that is a near miss, the host, and the one that is meant."""
    registries = environment.knowledge.registries
    known = {*registries["hosts"], *registries["public"], *registries["microsoft"]}
    address = environment.registry.get("address") if environment.registry is not None else None
    for node in (environment.image, address):
        text = string(node)
        if text is None or not isinstance(node, Scalar):
            continue
        host = text.removeprefix("https://").partition("/")[0].partition(":")[0].lower()
        meant = _meant(host, registries["hosts"], known) if "." in host else ""
        if meant:
            yield node, host, meant


def _meant(host: str, hosts: Sequence[str], known: set[str]) -> str:
    """The well-known host that another one is a near miss of; with the registry's own name in front, where it has one."""
    if any(host == item or host.endswith(f".{item}") for item in known):
        return ""
    for item in hosts:
        labels = host.split(".")
        parts = item.count(".") + 1
        tail = ".".join(labels[-parts:])
        limit = 2 if len(item) > _SHORTEST else 1
        if len(item) >= _SHORTEST and len(labels) >= parts and 0 < _distance(tail, item) <= limit:
            return ".".join([*labels[:-parts], item])
    return ""


def _distance(left: str, right: str) -> int:
    """Characters that have to be changed, added or removed."""
    if abs(len(left) - len(right)) > 2:
        return 3
    row = list(range(len(right) + 1))
    for index, character in enumerate(left, 1):
        previous, row[0] = row[0], index
        for at, other in enumerate(right, 1):
            previous, row[at] = row[at], min(row[at] + 1, row[at - 1] + 1, previous + (character != other))
    return row[-1]


def repair(case: Case) -> Iterator[Repair]:
    """The host that is meant."""
    from amlcheck.fixing.images import with_host

    for node, host, meant in _mistyped(case.beside):
        if case.is_at(location(node)):
            yield from with_host(case, node.text, host, meant)
