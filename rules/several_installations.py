"""A component is installed several times

## What it asks

The image has more than one installation of the same component: two Pythons, two copies of NCCL, two families of MPI.

## Why

Which of them a program gets depends on PATH, on the linker's search path, and on the environment that Azure ML puts on top.
The requirement is judged for the one that will be used; where that is not certain, for all of them together.

## How it is read

Probes look through the whole image and not only at the usual places.

## Bad

```dockerfile
FROM continuumio/miniconda3:4.12.0
RUN apt-get update && apt-get install -y python3
```

## Good

```dockerfile
FROM continuumio/miniconda3:4.12.0
RUN conda install -y python=3.9
```

## Fix

Nothing, where that is meant. Otherwise remove the one that is not needed: it also makes the image smaller.

**No automatic fix:** only the image shows it, and not which words of which file are to blame.

## Sources

- Where versions can be read: docs/architecture.md of the project.
"""

from __future__ import annotations

from amlcheck.model import Severity

ID = "AML403"
SEVERITY = Severity.INFO
FIX = "remove the installation that is not needed"
LIVE = True
