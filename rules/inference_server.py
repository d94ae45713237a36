"""An inference server that can be imported

## What it asks

The image has a web server that Azure ML can start: azureml-inference-server-http, or the Flask server that older
releases of azureml-defaults bring. Where the image has none, the environment may supply it.

## Why

Being new enough and being able to serve are two things: azureml-defaults 1.0.45 meets the rule of the documents and
brings no server at all, and releases that pin Flask 1.0.3 pull in a Jinja2 today with which Flask cannot be imported.

## How it is read

What is known of the release of azureml-defaults that is installed, and azureml-inference-server-http itself.

## Bad

```dockerfile
FROM python:3.6-slim
RUN pip install azureml-defaults==1.0.45
```

```dockerfile --user-managed
FROM python:3.8-slim
RUN pip install scikit-learn==1.0.2
```

## Good

```dockerfile
FROM python:3.10-slim
RUN pip install azureml-inference-server-http==1.5.1
```

## Undecided

```dockerfile
FROM python:3.10-slim
RUN pip install scikit-learn==1.0.2
```

## Fix

Install azureml-inference-server-http, or azureml-defaults 1.36 or newer, which brings it.

**Unsafe fix:** raises azureml-defaults to the newest release that installs on the Python and serves; adds it behind the
last package that pip installs, where nothing else may supply a server.

## Sources

- PyPI metadata of azureml-defaults, and the server as it ran (docs/azureml-facts of the project, section 2).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from amlcheck.dockerfile.built import Built
from amlcheck.dockerfile.defaults import DEFAULTS, SERVER, inference_server
from amlcheck.model import Repair, Testimony

if TYPE_CHECKING:
    from amlcheck.fixing.case import Case

ID = "AML110"
FIX = "install azureml-inference-server-http, or azureml-defaults>=1.36, which brings it"


def testify(image: Built) -> Testimony:
    """What serves, as far as the installed packages tell."""
    return inference_server(image)


def repair(case: Case) -> Iterator[Repair]:
    """Another release of azureml-defaults; or the package beside others of pip."""
    from amlcheck.fixing.python_packages import listed, raised
    from amlcheck.fixing.releases import python_of

    python = python_of(case.image)
    yield from raised(case, [item.written for item in case.image.named(DEFAULTS, manager="pip")], python)
    if not case.image.named(DEFAULTS, SERVER):
        yield from listed(case, python)
