"""azureml-defaults, in a version that can host a model

## What it asks

The pip package azureml-defaults is 1.0.45 or newer. Azure ML's environment may supply it: where the image has none, the
verdict is undecided, unless the environment is declared user-managed (`--user-managed`).

## Why

It brings what hosts the model as a web service. Whether the version can in fact serve is rule AML110.

## How it is read

pip, conda files and requirements files that the build reads, with extras, constraints and variables; lock files of
poetry and uv.

## Bad

```dockerfile
FROM python:3.6-slim
RUN pip install azureml-defaults==1.0.43
```

```dockerfile --user-managed
FROM ubuntu:20.04
RUN apt-get update && apt-get install -y python3-pip
```

## Good

```dockerfile
FROM python:3.8-slim
RUN pip install "azureml-defaults>=1.36,<2"
```

## Undecided

```dockerfile
FROM ubuntu:20.04
```

```dockerfile
FROM python:3.8-slim
COPY requirements.txt /tmp/
RUN pip install -r /tmp/requirements.txt
```

## Fix

Pin azureml-defaults in the image, or list it as a pip dependency of the environment.

**Unsafe fix:** raises the version, where one word states it, to the newest release that installs on the Python and serves;
adds the package behind the last one that pip installs, where it is missing and nothing else may supply it.

## Sources

- All documents: azureml-defaults with version >= 1.0.45 must be listed as a pip dependency.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from amlcheck.dockerfile.built import Built
from amlcheck.dockerfile.defaults import DEFAULTS, installed_defaults
from amlcheck.model import Repair, Testimony

if TYPE_CHECKING:
    from amlcheck.fixing.case import Case

ID = "AML109"
FIX = "install azureml-defaults{expected}, pinned, or list it as a pip dependency of the environment"


def testify(image: Built) -> Testimony:
    """The package in the environment that `python` runs in, or the only one there is."""
    return installed_defaults(image)


def repair(case: Case) -> Iterator[Repair]:
    """Another release; or the package beside others of pip."""
    from amlcheck.fixing.python_packages import listed, raised
    from amlcheck.fixing.releases import python_of

    python = python_of(case.image)
    yield from raised(case, [item.written for item in case.image.named(DEFAULTS, manager="pip")], python)
    if not case.image.named(DEFAULTS):
        yield from listed(case, python)
