"""The image is built for another platform than Azure ML runs

## What it asks

The image is linux/amd64: FROM --platform names no other one, and neither does the base image.

## Why

Azure ML's compute is amd64; an image for another architecture ends with "exec format error".

## Bad

```dockerfile
FROM --platform=linux/arm64 ubuntu:20.04
```

```dockerfile
FROM arm64v8/ubuntu:20.04
```

## Good

```dockerfile
FROM --platform=linux/amd64 ubuntu:20.04
```

## Fix

Remove --platform, or name linux/amd64.

**Unsafe fix:** names linux/amd64, or leaves out the owner of another platform's images (`arm64v8/`).

## Sources

- Azure ML's compute sizes are x86-64; measured: an arm64 image does not start there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from amlcheck.dockerfile.built import Built
from amlcheck.model import Notice, Repair, Severity
from amlcheck.regex import regex

if TYPE_CHECKING:
    from amlcheck.fixing.case import Case

ID = "AML306"
SEVERITY = Severity.ERROR
FIX = "build for linux/amd64"
_AMD64 = frozenset(
    {"linux/amd64", "linux/x86_64", "linux/x86-64", "linux/amd64/v2", "linux/amd64/v3", "amd64", "linux", ""}
)
_OTHER_OWNER = regex(r"(?:arm32v[5-7]|arm64v8|i386|ppc64le|s390x|riscv64|mips64le|win(?:amd64|dows-amd64))")
_OTHER_TAG = regex(r"(?:^|[-_.])(?:arm64(?:v8)?|aarch64|ppc64le|s390x|armhf|arm32v7|l4t)(?:$|[-_.])")


def check(image: Built) -> Iterator[Notice]:
    """The final stage's platform and the names that state one."""
    base = image.base
    if base is None:
        return
    platform = base.platform
    if platform is not None and platform.known and platform.value.lower() not in _AMD64:
        span = platform.span or base.span
        yield Notice(f"the image is built for {platform.value}; Azure ML runs linux/amd64", span.location)
    elif base.reference is not None:
        owner = base.reference.path.partition("/")[0]
        built_for = base.resolved.config.platform if base.resolved is not None else ""
        if built_for and built_for not in _AMD64:
            yield Notice(f"{base.name} is an image for {built_for}, as its config says", base.span.location)
        elif (
            _OTHER_OWNER.fullmatch(owner) or _OTHER_TAG.search(base.reference.tag) or "windows/" in base.reference.path
        ):
            yield Notice(f"{base.name} is not an image for linux/amd64", base.span.location)


def repair(case: Case) -> Iterator[Repair]:
    """The platform in its flag, or the image's name without its owner."""
    from amlcheck.fixing.case import unsafe
    from amlcheck.fixing.words import rewritten

    base = case.image.base
    if base is None:
        return
    edit = rewritten(case, base.platform, "linux/amd64") if base.platform is not None else None
    if edit is not None:
        yield unsafe("name linux/amd64", edit)
    owner = base.reference.path.partition("/")[0] if base.reference is not None else ""
    at = base.word.value.find(f"{owner}/") if _OTHER_OWNER.fullmatch(owner) else -1
    edit = rewritten(case, base.word.slice(at, at + len(owner) + 1), "") if at >= 0 else None
    if edit is not None:
        yield unsafe(f"leave out {owner}/", edit)
