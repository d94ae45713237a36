"""A comment's time is over

## What it asks

The day in `until=` is not past. It is the last one on which the comment counts; from the next one on it hides nothing.

## Why

That was the agreement: until then, and no longer. What it hid is reported again; this says why it is.

## How it is read

Today is this machine's day, or that in `AMLCHECK_TODAY` (YYYY-MM-DD).

## Bad

```dockerfile
# amlcheck: ignore=AML103 reason="until the client is replaced" until=2021-06-30
FROM python:3.5-slim
```

## Good

```dockerfile
# amlcheck: ignore=AML103 reason="until the client is replaced" until=2099-06-30
FROM python:3.5-slim
```

## Fix

Correct what it hid and remove the comment, or decide again: give another day, and a reason that says why.

**No automatic fix:** whether the reason still holds is the author's to say.

## Sources

- docs/policy.md of the project.
"""

from __future__ import annotations

from amlcheck.model import Severity

ID = "AML703"
SUBJECT = "policy"
SEVERITY = Severity.WARNING
FIX = "correct what it hid, or decide again and give another day"
LIVE = True
