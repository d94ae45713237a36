"""A setting of the deployment has no value that can be

## What it asks

Ports are 1 to 65535; periods, timeouts, thresholds, delays and counts are whole numbers that are not negative, and a
managed deployment names an instance type.

## Why

The deployment is refused when it is created, after the image was built and pushed.

## How it is read

Probes and request settings of v2 deployments, `port`, `livenessProbeRequirements` and the like of the ML CLI's deployment
config. Whether an instance type exists in a region is not judged.

## Bad

```yaml deployment.yml
$schema: https://azuremlschemas.azureedge.net/latest/managedOnlineDeployment.schema.json
name: blue
endpoint_name: model
instance_type: Standard_DS3_v2
liveness_probe: {initial_delay: ten, period: 10}
```

```json deploymentconfig.json
{"computeType": "local", "port": 88900}
```

## Good

```yaml deployment.yml
$schema: https://azuremlschemas.azureedge.net/latest/managedOnlineDeployment.schema.json
name: blue
endpoint_name: model
instance_type: Standard_DS3_v2
liveness_probe: {initial_delay: 10, period: 10}
```

## Undecided

```yaml deployment.yml
$schema: https://azuremlschemas.azureedge.net/latest/managedOnlineDeployment.schema.json
name: blue
endpoint_name: model
instance_type: ${{ instance }}
liveness_probe: {initial_delay: "{{ delay }}", period: 10}
```

## Fix

Write the value as it is asked for.

**No automatic fix:** which value is meant is not known.

## Sources

- azure-ai-ml 1.35.2: ManagedOnlineDeploymentSchema, LivenessProbeSchema, RequestSettingsSchema; the seeds' LocalWebservice
  with port 8890.
"""

from __future__ import annotations

from collections.abc import Iterator

from amlcheck.environment.document import Entry, Mapping, Scalar, is_null, location, string
from amlcheck.environment.environment import Environment, Kind
from amlcheck.model import Location, Notice, Severity

ID = "AML629"
SUBJECT = "environment"
SEVERITY = Severity.ERROR
FIX = "write the value as it is asked for"
_NUMBERS = {
    "liveness_probe": ("period", "initial_delay", "timeout", "success_threshold", "failure_threshold"),
    "readiness_probe": ("period", "initial_delay", "timeout", "success_threshold", "failure_threshold"),
    "request_settings": ("request_timeout_ms", "max_concurrent_requests_per_instance", "max_queue_wait_ms"),
    "livenessProbeRequirements": (
        "periodSeconds",
        "initialDelaySeconds",
        "timeoutSeconds",
        "successThreshold",
        "failureThreshold",
    ),
    "": ("instance_count", "numReplicas", "scoringTimeoutMs", "maxConcurrentRequestsPerContainer", "maxQueueWaitMs"),
}
_PORTS = range(1, 1 << 16)


def check(environment: Environment) -> Iterator[Notice]:
    """Every number, the port of a local deployment, and the instance type."""
    settings = environment.settings
    if settings is None:
        return
    for section, names in _NUMBERS.items():
        where = settings.section(section) if section else settings
        for name in names:
            yield from _number(where, name)
    port = settings.entry("port") if environment.kind is Kind.DEPLOYMENT_CONFIG else None
    if port is not None and isinstance(port.node, Scalar) and not is_null(port.node) and port.node.value not in _PORTS:
        yield Notice(f"{string(port.node)} is no port", location(port.node), "name a port, 1 to 65535")
    schema = settings.entry("$schema")
    managed = schema is not None and "managedOnlineDeployment" in (string(schema.node) or "")
    if managed and not settings.open and settings.entry("instance_type") is None:
        yield Notice("a managed deployment without instance_type", _head(settings), "name one, such as Standard_DS3_v2")


def _number(section: Mapping, name: str) -> Iterator[Notice]:
    entry = section.entry(name)
    if entry is None or not isinstance(entry.node, Scalar) or is_null(entry.node):
        return
    text = string(entry.node)
    if text is not None and not (text.isascii() and text.isdigit()):
        yield Notice(f"{name}: {text!r} is no whole number", location(entry.node))


def _head(settings: Mapping) -> Location | None:
    entry: Entry | None = settings.entry("name", "endpoint_name", "$schema")
    return location(entry)
