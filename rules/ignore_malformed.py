"""A comment for amlcheck is not understood

## What it asks

A comment that begins with `# amlcheck:` can be read, and says why. Otherwise it hides nothing.

## Why

A comment with a typing error would hide nothing without a word, or everything. And an exception without a reason cannot be
judged by whoever meets it two years later: is the old client still in use, or has nobody dared to remove the line?

## Bad

```dockerfile
# amlcheck: ignore=AML103
FROM python:3.5-slim
```

```dockerfile
# amlcheck: ingore=AML103 reason="the old client"
FROM python:3.5-slim
```

```dockerfile
FROM ubuntu:20.04
# amlcheck: ignore-file=AML103 reason="stands too low"
RUN apt-get update
```

## Good

```dockerfile
# amlcheck: ignore=AML103 reason="the old client needs it" until=2099-01-01
FROM python:3.5-slim
```

## Fix

Write `# amlcheck: ignore=AML103 reason="why" until=2027-01-01`. Several rules are separated by commas, by ID or name; `until`
is the last day and may be left out. In a Dockerfile the comment has a line of its own, above the instruction;
`ignore-file=` stands at the head of the file, below `# syntax=` and `# escape=`.

**No automatic fix:** what was meant is not known.

## Sources

- docs/policy.md of the project.
"""

from __future__ import annotations

from amlcheck.model import Severity

ID = "AML701"
SUBJECT = "policy"
SEVERITY = Severity.WARNING
FIX = 'write # amlcheck: ignore=AML103 reason="why" until=2027-01-01'
LIVE = True
