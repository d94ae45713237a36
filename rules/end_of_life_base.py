"""The base system is past its end of life

## What it asks

The release of the distribution still gets free security updates.

## Why

It gets no security fixes, and its package archive moves or vanishes: `apt-get update` fails one day. The document's own
minimum, Ubuntu 16.04, is past its life since 2021.

## Bad

```dockerfile
FROM ubuntu:16.04
```

## Good

```dockerfile
FROM ubuntu:24.04
```

## Fix

Move to a release that is supported.

**No automatic fix:** another release has other packages and other versions: each that is named has to be looked at.

## Sources

- rules/distributions.toml: each release's end of free public security support, with its source.
"""

from __future__ import annotations

from collections.abc import Iterator

from amlcheck.dockerfile.built import Built
from amlcheck.model import Notice, Severity
from amlcheck.today import today

ID = "AML205"
SEVERITY = Severity.WARNING
FIX = "move to a release that is still supported"


def check(image: Built) -> Iterator[Notice]:
    """The release's end of life, compared with today."""
    release = image.release()
    if release is None or release.end_of_life is None or image.base is None:
        return
    if release.end_of_life < today():
        name = release.name if release.distribution != "ubuntu" else f"Ubuntu {release.version}"
        yield Notice(f"{name} is past its end of life since {release.end_of_life}", image.base.span.location)
