"""A comment ignores what is not there

## What it asks

Each rule that a comment ignores has something to ignore there.

## Why

It was corrected meanwhile, or the comment stands above the wrong line. Left alone it hides the next violation, which nobody
has decided about.

## Bad

```dockerfile
# amlcheck: ignore=AML103 reason="the old client needs it"
FROM python:3.8-slim
```

## Good

```dockerfile
# amlcheck: ignore=AML103 reason="the old client needs it"
FROM python:3.5-slim
```

## Undecided

What this run did not ask is not called unused: requirements that do not apply here, rules that are off, and those that only an
image or a test deployment can show.

## Fix

Remove the comment, or put it above the line that the message names.

**Safe fix:** removes a comment that names this rule only.

## Sources

- docs/policy.md of the project.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from amlcheck.model import Repair, Severity

if TYPE_CHECKING:
    from amlcheck.fixing.case import Case

ID = "AML704"
SUBJECT = "policy"
SEVERITY = Severity.WARNING
FIX = "remove the comment"
LIVE = True


def repair(case: Case) -> Iterator[Repair]:
    """The file without the comment."""
    from amlcheck.fixing.lines import without_comment

    yield from without_comment(case)
