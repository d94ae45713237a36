"""The image runs as another user than root

## What it asks

The image's user is root.

## Why

Azure ML builds on top of the image: a local endpoint makes /var/azureml-app, an environment is created with conda. These
steps run as the image's user, and fail where it may not write.

## How it is read

From the image's config (USER).

## Bad

```dockerfile
FROM ubuntu:22.04
RUN useradd --create-home scorer
USER scorer
```

## Good

```dockerfile
FROM ubuntu:22.04
RUN useradd --create-home scorer
USER scorer
RUN mkdir /home/scorer/models
USER root
```

## Fix

End the Dockerfile with `USER root`, or let the user write where Azure ML does: /var/azureml-app and conda's prefix.

**No automatic fix:** only the image shows it, and not which words of which file are to blame.

## Sources

- docs/azureml-facts of the project, section 4: the Dockerfile that azure-ai-ml generates starts with `mkdir /var/azureml-app`.
"""

from __future__ import annotations

from amlcheck.model import Severity

ID = "AML405"
SEVERITY = Severity.INFO
FIX = "end with USER root, or let the user write to /var/azureml-app and conda's prefix"
LIVE = True
