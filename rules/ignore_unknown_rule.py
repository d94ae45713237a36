"""A comment ignores a rule that does not exist

## What it asks

What `# amlcheck: ignore=` names is a rule, by its ID or name, and one that a comment can ignore: those on comments
themselves (AML701 to AML704) are set in the configuration. A name that is none hides nothing; the others beside it count.

## Why

Mostly it is a typing error, and what was to be ignored is reported all the same. The comment would mislead its next reader.

## Bad

```dockerfile
# amlcheck: ignore=pyhton reason="the old client needs it"
FROM ubuntu:20.04
```

## Good

```dockerfile
# amlcheck: ignore=AML103 reason="the old client needs it"
FROM python:3.5-slim
```

## Fix

Correct the name, or remove it: `amlcheck rules` lists all of them.

**No automatic fix:** which rule was meant is not known.

## Sources

- docs/policy.md of the project.
"""

from __future__ import annotations

from amlcheck.model import Severity

ID = "AML702"
SUBJECT = "policy"
SEVERITY = Severity.WARNING
FIX = "write the ID or the name of a rule, as `amlcheck rules` lists them"
LIVE = True
