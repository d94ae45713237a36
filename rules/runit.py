r"""A local endpoint cannot start the server

## What it asks

The program `runsvdir` is on PATH, and /var/runit has at least one service.

## Why

A local endpoint (v2) builds an image on top of this one whose command is `runsvdir /var/runit`. Without them its container
ends at once. In the cloud, and where the image brings its own inference_config, nothing of it is needed.

## How it is read

From the files of the image.

## Bad

```dockerfile
FROM python:3.9-slim
RUN pip install azureml-inference-server-http==1.4.0
```

## Good

```dockerfile
FROM python:3.9-slim
RUN apt-get update && apt-get install -y runit && pip install azureml-inference-server-http==1.4.0
RUN mkdir -p /var/runit/server && \
    printf '#!/bin/sh\nexec azmlinfsrv --entry_script /var/azureml-app/score.py\n' > /var/runit/server/run && \
    chmod +x /var/runit/server/run
```

## Fix

`apt-get install -y runit`, and a folder below /var/runit with an executable `run` that starts the server; or start from one of
Azure ML's inference images.

**No automatic fix:** only the image shows it, and not which words of which file are to blame.

## Sources

- docs/azureml-facts of the project, section 4: the Dockerfile that azure-ai-ml generates for local endpoints.
"""

from __future__ import annotations

from amlcheck.model import Severity

ID = "AML404"
SEVERITY = Severity.INFO
FIX = "install runit and add a service that starts the server below /var/runit, if local endpoints are used"
LIVE = True
