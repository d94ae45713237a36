"""The base image has no fixed tag

## What it asks

FROM names a tag or a digest, and not `latest`.

## Why

Without a tag Docker takes `:latest`, which is another image every few months: a build that worked yesterday fails tomorrow,
and nobody can say what an image contains. Azure ML's documents ask for the tag of every image.

## Bad

```dockerfile
FROM ubuntu
```

```dockerfile
FROM continuumio/miniconda3:latest
```

## Good

```dockerfile
FROM ubuntu:22.04
```

## Fix

Name the tag of the release that you tested.

**Unsafe fix:** pins the tag that rules/remedies.toml has for a well-known image; which one of another image was tested is
not known.

## Sources

- All documents: "include any tags that were used with the image"; with none, `:latest` is applied.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from amlcheck.dockerfile.built import Built
from amlcheck.model import Notice, Repair, Severity

if TYPE_CHECKING:
    from amlcheck.fixing.case import Case

ID = "AML301"
SEVERITY = Severity.WARNING
FIX = "name the tag of the release that you tested"


def check(image: Built) -> Iterator[Notice]:
    """The final stage's base image, where it is not another stage."""
    base = image.base
    if base is None or base.reference is None or base.reference.is_scratch or base.reference.digest:
        return
    if base.reference.tag == "latest":
        yield Notice(f"{base.name} is whatever is newest on the day of the build", base.span.location)
    elif not base.reference.tag:
        yield Notice(f"{base.name} has no tag: Docker takes {base.name}:latest", base.span.location)


def repair(case: Case) -> Iterator[Repair]:
    """The tag of a well-known image, behind its name or in place of `latest`."""
    from amlcheck.fixing.images import tagged

    base = case.image.base
    if base is not None and base.reference is not None:
        yield from tagged(case, base.word, base.reference)
