"""The image is not what its Dockerfile says

## What it asks

That the image is what its Dockerfile promises. Both were looked at, and they give different answers: the image has
another value than the file promises.

## Why

Then the image was not built from this Dockerfile (an old build, another tag, another context), something that the file
installs without a pinned version has moved on since, or the reading of the file is wrong. Whichever it is, the next build
may not give the image that was tested. The verdict follows the image; this finding tells that the file does not.

## How it is read

`amlcheck probe IMAGE --dockerfile FILE`: what the static rules testify, beside what the probes found.

## Bad

```text
$ head -1 Dockerfile
FROM python:3.8-slim
$ amlcheck probe ours:1 --dockerfile Dockerfile
warning[AML401] python: the Dockerfile says 3.8, the image has 3.9.7
```

## Good

```text
$ docker build -t ours:2 . && amlcheck probe ours:2 --dockerfile Dockerfile
  ok  python  3.8.20  >=3.6  /usr/local/bin/python3.8
```

## Fix

Build the image again from this Dockerfile and probe it. If the two still differ, pin the version in the file.

**No automatic fix:** only the image shows it, and not which words of which file are to blame.

## Sources

- docs/architecture.md of the project: how witnesses are reconciled.
"""

from __future__ import annotations

from amlcheck.model import Severity

ID = "AML401"
SEVERITY = Severity.WARNING
FIX = "build the image again from this Dockerfile; if they still differ, pin the version in the file"
LIVE = True
