"""The image serves, and exposes no port for it

## What it asks

Where CMD or ENTRYPOINT starts the scoring server, the image has EXPOSE for its port, 5001 unless stated otherwise.

## Why

A local endpoint publishes only the ports that are exposed: without EXPOSE the server runs and cannot be reached.

## Bad

```dockerfile
FROM python:3.10-slim
RUN pip install azureml-inference-server-http==1.5.1
CMD ["azmlinfsrv", "--entry_script", "score.py"]
```

## Good

```dockerfile
FROM python:3.10-slim
RUN pip install azureml-inference-server-http==1.5.1
EXPOSE 5001
CMD ["azmlinfsrv", "--entry_script", "score.py"]
```

## Fix

Add `EXPOSE 5001`.

**Safe fix:** adds EXPOSE in front of the instruction that starts the server.

## Sources

- docs/azureml-facts of the project, section 4: a port without EXPOSE is never published.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from amlcheck.dockerfile.built import Built
from amlcheck.dockerfile.reader import Instruction
from amlcheck.model import Notice, Repair, Severity
from amlcheck.serving import covers, served_port

if TYPE_CHECKING:
    from amlcheck.fixing.case import Case

ID = "AML307"
SEVERITY = Severity.WARNING
FIX = "add EXPOSE 5001 (the port that the server listens on)"


def check(image: Built) -> Iterator[Notice]:
    """The command in force and the ports that are exposed."""
    found = _served(image)
    if found is not None:
        starts, port = found
        yield Notice(
            f"{starts.keyword} starts the scoring server on port {port}, and nothing exposes it", starts.span.location
        )


def _served(image: Built) -> tuple[Instruction, int] | None:
    """The instruction that starts the server, and its port, where nothing exposes that."""
    starts = image.entrypoint or image.cmd
    if starts is None:
        return None
    command = _words(starts)
    if starts is not image.cmd and image.cmd is not None and starts.json is not None:
        command += " " + _words(image.cmd)
    served = image.base_value("inference-server")
    port = served_port(command)
    if port is None or (served is not None and served.present):
        return None
    ports = [entry.value for entry in image.exposed]
    base = image.base
    told = base is not None and (base.known is not None or base.resolved is not None)
    if any(not value.known for value in ports) or (not ports and not told):
        return None
    return None if any(covers(value.value, port) for value in ports) else (starts, port)


def _words(starts: Instruction) -> str:
    """The command as one line; to a shell's ENTRYPOINT no arguments are given."""
    return " ".join(text for text, _ in starts.json) if starts.json is not None else starts.args.text


def repair(case: Case) -> Iterator[Repair]:
    """An EXPOSE in front of the instruction that starts the server."""
    from amlcheck.fixing import lines
    from amlcheck.fixing.case import safe

    found = _served(case.image)
    if found is not None:
        starts, port = found
        yield safe(f"add EXPOSE {port}", lines.before(case.image.dockerfile.source, starts, f"EXPOSE {port}"))
