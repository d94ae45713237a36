"""The image cannot be built

## What it asks

`amlcheck check` builds the Dockerfile with the local engine, as Azure ML builds it in the cloud.

## Why

A build that fails here fails there too, twenty minutes later and with less to read.

## How it is read

The engine's builder runs every step; the finding has the step that failed and the last lines that it printed. What was built
is removed when the check ends, unless `--tag` gives it a name.

## Bad

```dockerfile
FROM ubuntu:22.04
RUN apt-get install -y libfuse-dev
```

## Good

```dockerfile
FROM ubuntu:22.04
RUN apt-get update && apt-get install -y libfuse-dev
```

## Fix

Correct the step. Where it needs BuildKit (`RUN --mount`, heredocs), build the image with `docker build` and give
`amlcheck check` the image and `--dockerfile`.

**No automatic fix:** only the image shows it, and not which words of which file are to blame.

## Sources

- Docker's engine API, POST /build.
"""

from __future__ import annotations

from amlcheck.model import Severity

ID = "AML503"
SEVERITY = Severity.ERROR
FIX = "correct the step that fails"
LIVE = True
