"""The image is named without a tag

## What it asks

The image of an environment has a tag or a digest.

## Why

Without one, `:latest` is taken: an image that was pushed with another tag is not found, and one that is found changes.

## Bad

```json inferenceconfig.json
{
    "entryScript": "score.py",
    "environment": {"name": "deploy", "docker": {"enabled": true, "baseImage": "example.azurecr.io/model"}}
}
```

## Good

```json inferenceconfig.json
{
    "entryScript": "score.py",
    "environment": {"name": "deploy", "docker": {"enabled": true, "baseImage": "example.azurecr.io/model:v1"}}
}
```

## Undecided

```json inferenceconfig.json
{
    "entryScript": "score.py",
    "environment": {"name": "deploy", "docker": {"enabled": true, "baseImage": "$(IMAGE)"}}
}
```

## Fix

Name the tag that the image was pushed with.

**Unsafe fix:** pins the tag that rules/remedies.toml has for a well-known image; which one of another image was pushed is
not known.

## Sources

- 2020-03 to 2021-04: "For custom images that you created, be sure to include any tags that were used with the image".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from amlcheck.environment.document import Scalar, location, string
from amlcheck.environment.environment import Environment
from amlcheck.model import Notice, Repair, Severity

if TYPE_CHECKING:
    from amlcheck.fixing.case import Case

ID = "AML608"
SUBJECT = "environment"
SEVERITY = Severity.WARNING
FIX = "name the tag, or the digest"


def check(environment: Environment) -> Iterator[Notice]:
    """The reference, where it is known."""
    reference = environment.image_reference
    if string(environment.image) and reference is None:
        yield Notice(
            f"{string(environment.image)!r} is no image's name", location(environment.image), "correct the name"
        )
    elif reference is not None and not reference.tag and not reference.digest:
        yield Notice("the image has no tag: :latest is taken", location(environment.image))


def repair(case: Case) -> Iterator[Repair]:
    """The tag of a well-known image."""
    from amlcheck.fixing.images import tagged

    node, reference = case.beside.image, case.beside.image_reference
    if isinstance(node, Scalar) and reference is not None and case.is_at(location(node)):
        yield from tagged(case, node.text, reference)
