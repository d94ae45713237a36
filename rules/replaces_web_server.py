"""A package replaces Azure ML's web server

## What it asks

The image pins no Flask, Werkzeug, Jinja2, MarkupSafe, itsdangerous or gunicorn of its own beside azureml-defaults or the
inference server, and installs no second pip distribution of the server.

## Why

Azure ML's web server and its IoT Edge components cannot be replaced; another version of what the server stands on is the
most frequent reason why it does not start.

## Bad

```dockerfile
FROM python:3.10-slim
RUN pip install azureml-inference-server-http==1.5.1 flask==1.1.4
```

## Good

```dockerfile
FROM python:3.10-slim
RUN pip install azureml-inference-server-http==1.5.1
```

## Fix

Let azureml-inference-server-http choose them.

**Unsafe fix:** takes the package out of the list that it is in, where others are left in it.

## Sources

- All documents: core components such as the web server cannot be overridden.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from amlcheck.dockerfile.built import Built
from amlcheck.dockerfile.defaults import DEFAULTS, SERVER, held_back, inference_server
from amlcheck.model import Fact, Notice, Repair, Severity

if TYPE_CHECKING:
    from amlcheck.fixing.case import Case

ID = "AML308"
SEVERITY = Severity.WARNING
FIX = "let azureml-inference-server-http choose it"
_PARTS = ("flask", "werkzeug", "jinja2", "markupsafe", "itsdangerous", "gunicorn")


def check(image: Built) -> Iterator[Notice]:
    """Pinned parts of the server beside it; the pins that an old Flask needs are not faults."""
    if not image.named(DEFAULTS, SERVER, manager="pip"):
        return
    served = inference_server(image)
    if not isinstance(served, Fact) or served.value.family == "flask" or served.final:
        return
    needed = held_back(image)
    places = {package.place for package in image.named(DEFAULTS, SERVER, manager="pip")}
    for package in image.named(*_PARTS, manager="pip"):
        if package.place in places and package.pinned and package.chain and package.name not in needed:
            yield Notice(
                f"{package.name} is pinned beside the inference server, which brings its own",
                package.chain[-1].location,
            )


def repair(case: Case) -> Iterator[Repair]:
    """The list without it."""
    from amlcheck.fixing.python_packages import left_out

    for package in case.image.named(*_PARTS, manager="pip"):
        if package.chain and case.is_at(package.chain[-1].location):
            yield from left_out(case, package)
