"""Sources in the image contradict each other

## What it asks

That the image speaks with one voice. Here two places speak of the same installation and disagree: an environment variable
that says CUDA 11.8 beside a version file that says 10.2, a package database that does not fit the library on disk.

## Why

Programs believe one or the other. The verdict follows the more trusted source (a file in the image before the image's
config, both before what a program prints), but whoever believes the other one gets something else.

## How it is read

Every probe asks all sources of a component and compares those that speak of the same place.

## Bad

```dockerfile
FROM nvidia/cuda:10.2-cudnn7-runtime-ubuntu18.04
ENV CUDA_VERSION=11.8.0
```

## Good

```dockerfile
FROM nvidia/cuda:10.2-cudnn7-runtime-ubuntu18.04
```

## Fix

Find out which one is right, and change the other: usually an ENV that a later layer forgot, or files copied over a package.

**No automatic fix:** only the image shows it, and not which words of which file are to blame.

## Sources

- Where versions can be read, and in which order they are trusted: docs/architecture.md of the project.
"""

from __future__ import annotations

from amlcheck.model import Severity

ID = "AML402"
SEVERITY = Severity.WARNING
FIX = "find out which one is right, and correct the other"
LIVE = True
