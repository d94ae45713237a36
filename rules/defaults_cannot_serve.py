"""azureml-defaults cannot be installed, or cannot serve, with what the environment has

## What it asks

The release of azureml-defaults that the environment pins installs on the environment's Python, and the web server that it
brings can be imported beside what else is pinned.

## Why

Version 1.0.45 meets the documents' rule and brings no server at all; old releases pin a Flask that breaks beside new
Jinja2; new ones need a newer Python.

## Bad

```yaml conda.yml
name: model
channels: [conda-forge]
dependencies:
  - python=3.6.2
  - pip=21.0
  - pip:
      - azureml-defaults==1.54.0
```

```yaml conda.yml
name: model
channels: [conda-forge]
dependencies:
  - python=3.8
  - pip=21.0
  - pip:
      - azureml-defaults==1.0.45
```

## Good

```yaml conda.yml
name: model
channels: [conda-forge]
dependencies:
  - python=3.10
  - pip=23.0
  - pip:
      - azureml-defaults==1.62.0
```

## Undecided

```yaml conda.yml
name: model
channels: [conda-forge]
dependencies:
  - pip
  - pip:
      - azureml-defaults==1.54.0
```

## Fix

Take a release that supports the environment's Python and brings azureml-inference-server-http (1.36 or newer).

**Unsafe fix:** raises the version to the newest release that installs on the Python and serves.

## Sources

- rules/azureml_defaults.toml: PyPI's metadata of each release, and imports tried on 2026-11-21.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from amlcheck.environment.environment import Environment
from amlcheck.model import Fact, Notice, Repair, Severity

if TYPE_CHECKING:
    from amlcheck.fixing.case import Case

ID = "AML612"
SUBJECT = "environment"
SEVERITY = Severity.ERROR
FIX = "take a release of azureml-defaults that supports the environment's Python and brings a server that works"
DEFAULTS = "azureml-defaults"


def check(environment: Environment) -> Iterator[Notice]:
    """What rules on Dockerfiles say of the environment's packages."""
    from amlcheck.dockerfile.defaults import inference_server, installable
    from amlcheck.environment.judging import as_built

    conda = environment.conda
    listed = conda.named(DEFAULTS, manager="pip") if conda is not None else []
    if conda is None or not listed or conda.from_requirements:
        return
    built = as_built(environment)
    span = listed[-1].span
    place = span.location if span is not None else None
    refused = False
    for package in built.named(DEFAULTS, manager="pip"):
        reason = installable(built, package).replace("the image has", "the environment has")
        if reason and package.versions is not None:
            refused = True
            yield Notice(f"azureml-defaults {package.versions.text} cannot be installed: {reason}", place)
    server = inference_server(built)
    if not refused and isinstance(server, Fact) and not server.value.present and server.final:
        yield Notice(server.note, place, server.fix)


def repair(case: Case) -> Iterator[Repair]:
    """Another release."""
    from amlcheck.fixing.python_packages import raised

    python, conda = case.beside.python, case.beside.conda
    versions = python.value.versions if isinstance(python, Fact) else None
    words = [item.word for item in conda.named("azureml-defaults", manager="pip")] if conda is not None else []
    yield from raised(case, words, versions)
