"""The image does not expose the port of a route

## What it asks

The Dockerfile that is built has `EXPOSE` for the ports of the routes.

## Why

A local endpoint publishes the ports that are exposed, and no others: the container runs and nobody reaches it.

## Bad

```yaml environment.yml
$schema: https://azuremlschemas.azureedge.net/latest/environment.schema.json
name: own
build: {path: .}
inference_config:
  liveness_route: {port: 8080, path: /healthz}
  readiness_route: {port: 8080, path: /healthz}
  scoring_route: {port: 8080, path: /score}
```

```dockerfile + Dockerfile
FROM python:3.12-slim
EXPOSE 5001
```

## Good

```yaml environment.yml
$schema: https://azuremlschemas.azureedge.net/latest/environment.schema.json
name: own
build: {path: .}
inference_config:
  liveness_route: {port: 8080, path: /healthz}
  readiness_route: {port: 8080, path: /healthz}
  scoring_route: {port: 8080, path: /score}
```

```dockerfile + Dockerfile
FROM python:3.12-slim
EXPOSE 8080
```

## Undecided

```yaml environment.yml
$schema: https://azuremlschemas.azureedge.net/latest/environment.schema.json
name: own
build: {path: .}
inference_config:
  liveness_route: {port: 8080, path: /healthz}
  readiness_route: {port: 8080, path: /healthz}
  scoring_route: {port: 8080, path: /score}
```

```dockerfile + Dockerfile
FROM example.azurecr.io/our/server:1
```

## Fix

Add `EXPOSE` with the port.

**Safe fix:** adds EXPOSE to the Dockerfile that is built, where it may be edited.

## Sources

- The v2 SDK's local endpoints publish all exposed ports: a port without EXPOSE is never published.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from amlcheck.environment.document import Mapping, Scalar, location
from amlcheck.environment.environment import Environment
from amlcheck.model import Notice, Repair, Severity
from amlcheck.serving import covers

if TYPE_CHECKING:
    from amlcheck.fixing.case import Case

ID = "AML623"
SUBJECT = "environment"
SEVERITY = Severity.WARNING
FIX = "expose the port in the Dockerfile"


def check(environment: Environment) -> Iterator[Notice]:
    """Each route's port, where a Dockerfile exposes others or, on a base that is known, none."""
    built, routes = environment.built, environment.routes
    if built is None or not environment.dockerfile_path or not isinstance(routes, Mapping):
        return
    if not built.exposed and (built.base is None or built.base.known is None):
        return
    if any(not item.value.known for item in built.exposed):
        return
    told: set[int] = set()
    for name in ("liveness_route", "readiness_route", "scoring_route"):
        port = routes.section(name).get("port")
        if not isinstance(port, Scalar) or not isinstance(port.value, int) or port.value in told:
            continue
        if not any(covers(item.value.value, port.value) for item in built.exposed):
            told.add(port.value)
            related = tuple(item.span.evidence("exposed") for item in built.exposed[:3])
            yield Notice(f"the image does not expose port {port.value} of {name}", location(port), related=related)


def repair(case: Case) -> Iterator[Repair]:
    """An EXPOSE in the Dockerfile."""
    from amlcheck.fixing.lines import exposed

    routes, built = case.beside.routes, case.beside.built
    for name in ("liveness_route", "readiness_route", "scoring_route"):
        port = routes.section(name).get("port") if isinstance(routes, Mapping) else None
        if built is not None and isinstance(port, Scalar) and case.is_at(location(port)):
            yield from exposed(built, str(port.value))
