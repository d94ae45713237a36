"""The environment's image is deprecated by its publisher

## What it asks

The image is not one of Microsoft's deprecated `azureml/*` images, nor another one that its publisher has given up.

## Why

They get no fixes, and Azure ML refuses or warns about some of them.

## Bad

```yaml environment.yml
$schema: https://azuremlschemas.azureedge.net/latest/environment.schema.json
name: model
image: mcr.microsoft.com/azureml/openmpi3.1.2-ubuntu18.04:20210714.v1
```

## Good

```yaml environment.yml
$schema: https://azuremlschemas.azureedge.net/latest/environment.schema.json
name: model
image: mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04:20241216.v1
```

## Undecided

```yaml environment.yml
$schema: https://azuremlschemas.azureedge.net/latest/environment.schema.json
name: model
image: example.azurecr.io/our/base:1
```

## Fix

Move to the image that its publisher names as the successor.

**Unsafe fix:** moves to the successor that rules/remedies.toml has for it. None for GPU images: theirs has another CUDA.

## Sources

- rules/base_images.toml: the publisher's statement for each.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from amlcheck.environment.document import Scalar, location, string
from amlcheck.environment.environment import Environment
from amlcheck.model import Notice, Repair, Severity

if TYPE_CHECKING:
    from amlcheck.fixing.case import Case

ID = "AML609"
SUBJECT = "environment"
SEVERITY = Severity.WARNING
FIX = "move to the successor, for example mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04"


def check(environment: Environment) -> Iterator[Notice]:
    """What is known of the image that is named."""
    reference = environment.image_reference
    known = environment.knowledge.base_image(reference) if reference is not None else None
    if known is not None and known.deprecated:
        yield Notice(f"{string(environment.image)} is deprecated: {known.deprecated}", location(environment.image))


def repair(case: Case) -> Iterator[Repair]:
    """The successor."""
    from amlcheck.fixing.images import succeeded

    node, reference = case.beside.image, case.beside.image_reference
    if isinstance(node, Scalar) and reference is not None and case.is_at(location(node)):
        yield from succeeded(case, node.text, reference)
