"""The Dockerfile is larger than Azure ML takes

## What it asks

The file is at most 100 KB (profile azureml-v2).

## Why

Azure ML refuses a larger one when the environment is registered.

## Bad

```text
FROM ubuntu:22.04
RUN <<EOF
(more than 100 KB of commands)
EOF
```

## Good

```dockerfile --profile azureml-v2
FROM ubuntu:22.04
COPY install.sh /tmp/install.sh
RUN bash /tmp/install.sh
```

## Fix

Move long scripts into files of the build context and COPY them.

**No automatic fix:** what may be moved into files is the author's to say.

## Sources

- Azure ML v2, environments: the Dockerfile is at most 100 KB.
"""

from __future__ import annotations

from collections.abc import Iterator

from amlcheck.dockerfile.built import Built
from amlcheck.model import Notice, Severity

ID = "AML305"
SEVERITY = Severity.ERROR
FIX = "move long scripts into files of the build context and COPY them"
ON = False
LIMIT = 100 * 1024
"""Bytes, from Azure ML's limits of environments (docs/azureml-facts, section 5)."""


def check(image: Built) -> Iterator[Notice]:
    """The file's size in bytes."""
    source = image.dockerfile.source
    size = len(source.text.encode("utf-8", "surrogateescape"))
    if size > LIMIT:
        yield Notice(f"the Dockerfile has {size} bytes; Azure ML takes {LIMIT}", source.span(0, 0).location)
