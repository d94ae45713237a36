"""The routes of an image with its own server are incomplete

## What it asks

`inference_config` has liveness, readiness and scoring routes, each with a port (1 to 65535) and a path that starts with /.

## Why

All three are required; Azure ML asks the first two until they answer 200, and sends requests to the third.

## Bad

```yaml environment.yml
$schema: https://azuremlschemas.azureedge.net/latest/environment.schema.json
name: tfserving
image: docker.io/tensorflow/serving:2.14.0
inference_config:
  liveness_route: {port: 8501, path: /v1/models/model}
  scoring_route: {port: 8501, path: v1/models/model:predict}
```

## Good

```yaml environment.yml
$schema: https://azuremlschemas.azureedge.net/latest/environment.schema.json
name: tfserving
image: docker.io/tensorflow/serving:2.14.0
inference_config:
  liveness_route: {port: 8501, path: /v1/models/model}
  readiness_route: {port: 8501, path: /v1/models/model}
  scoring_route: {port: 8501, path: "/v1/models/model:predict"}
```

## Undecided

```yaml environment.yml
$schema: https://azuremlschemas.azureedge.net/latest/environment.schema.json
name: tfserving
image: docker.io/tensorflow/serving:2.14.0
inference_config:
  liveness_route: {port: "{{ port }}", path: /v1/models/model}
  readiness_route: {port: "{{ port }}", path: /v1/models/model}
  scoring_route: {port: "{{ port }}", path: "/v1/models/model:predict"}
```

## Fix

State all three routes.

**Safe fix:** puts the / in front of a path. Which routes a server has, and where, is the author's to say.

## Sources

- azure-ai-ml 1.35.2, InferenceConfigSchema: the three routes and their port and path are required.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from amlcheck.environment.document import Mapping, Scalar, evidence, location, place, string
from amlcheck.environment.environment import Environment
from amlcheck.model import Notice, Repair, Severity

if TYPE_CHECKING:
    from amlcheck.fixing.case import Case

ID = "AML622"
SUBJECT = "environment"
SEVERITY = Severity.ERROR
FIX = "state liveness_route, readiness_route and scoring_route, each with port and path"
ROUTES = ("liveness_route", "readiness_route", "scoring_route")


def check(environment: Environment) -> Iterator[Notice]:
    """The section, and each route in it."""
    routes = environment.routes
    if not isinstance(routes, Mapping):
        return
    missing = [name for name in ROUTES if routes.entry(name) is None] if not routes.open else []
    if missing:
        first = routes.entries[0] if routes.entries else None
        yield Notice(f"inference_config has no {' and no '.join(missing)}", location(first or routes))
    for name in ROUTES:
        route = routes.get(name)
        if isinstance(route, Mapping) and not route.open:
            yield from _route(name, route)


def _route(name: str, route: Mapping) -> Iterator[Notice]:
    for key in ("port", "path"):
        if route.entry(key) is None:
            yield Notice(f"{name} has no {key}", location(route.entries[0]) if route.entries else place(route).location)
    port, path = route.get("port"), route.get("path")
    if isinstance(port, Scalar) and not (str(port.value).isdigit() and 0 < int(str(port.value)) < 1 << 16):
        yield Notice(f"{name}: {evidence(port).text} is no port", location(port), "name a port, 1 to 65535")
    text = string(path)
    if text is not None and not text.startswith("/"):
        yield Notice(f"{name}: the path has to start with /", location(path), "put a / in front")


def repair(case: Case) -> Iterator[Repair]:
    """The / in front of a path."""
    from amlcheck.fixing.case import safe
    from amlcheck.fixing.edits import inserted

    routes = case.beside.routes
    for name in ROUTES if isinstance(routes, Mapping) else ():
        assert isinstance(routes, Mapping)
        path = routes.section(name).get("path")
        if isinstance(path, Scalar) and string(path) and case.is_at(location(path)):
            yield safe("put a / in front of the path", inserted(path.span.source, path.inner.start, "/"))
