r"""A requirement that pip refuses, in the build

## What it asks

What pip is given, on its command line, in requirements files and in the pip section of conda files, can be read as
requirements (PEP 508).

## Why

pip stops at the first one that it cannot read ("Invalid requirement"), installs nothing, and the image build fails.

## How it is read

Only what every pip refuses is told: `numpy=>1.2`, `numpy=1.2`, `==1.0`, `numpy 1.2`, `numpy~=1`. Versions that pip took until
24.1 (`ipython>=5.*`), paths, URLs, archives and templates are let pass, and so is a command whose failure the script passes
over.

## Bad

```dockerfile
FROM python:3.10-slim
RUN pip install "numpy=>1.2"
```

```dockerfile
FROM python:3.10-slim
RUN pip install azureml-defaults=1.60.0
```

## Good

```dockerfile
FROM python:3.10-slim
RUN pip install "numpy>=1.2,<2; python_version<'3.13'" "uvicorn[standard]" git+https://github.com/psf/requests
```

## Undecided

```dockerfile
FROM python:3.10-slim
ARG PACKAGE
RUN pip install numpy=$PACKAGE
```

## Fix

Write the requirement as pip reads it: `name==version`, `name>=version`.

**No automatic fix:** what was meant is not known.

## Sources

- PEP 508 and PEP 440; packaging.requirements of packaging 21.3 (pip before 24.1) and 26.
"""

from __future__ import annotations

from collections.abc import Iterator

from amlcheck.dockerfile.built import Built
from amlcheck.model import Location, Notice, Severity

ID = "AML311"
SEVERITY = Severity.ERROR
FIX = "write it as pip reads it: name==version, name>=version"


def check(image: Built) -> Iterator[Notice]:
    """Each of them once, where it is written."""
    told: set[Location] = set()
    for item in image.refused:
        command = item.command.evidence("pip reads it")
        chain = [
            place for place in (*item.word.causes, item.word.span and item.word.span.evidence("read here")) if place
        ]
        place = next((entry.location for entry in (*chain, command) if entry.location is not None), None)
        if item.noticed and place is not None and place not in told:
            told.add(place)
            shown = item.word.value.strip()[:60]
            related = tuple(entry for entry in chain if entry.location != place)
            yield Notice(f"pip refuses {shown!r}: {item.why}", place, related=related)
