"""The environment has no azureml-defaults, or not under pip, or too old a one

## What it asks

An environment that is used with an entry script lists azureml-defaults, under pip, in version 1.0.45 or newer; with v2
azureml-inference-server-http is enough.

## Why

It brings the web server. Without it the container ends with `exec: gunicorn: not found` or "A required package
azureml-inference-server-http is missing".

## How it is read

Conda files, inlined dependencies and requirements files, with what they include. SDK v1 adds azureml-defaults itself.

## Bad

```json inferenceconfig.json
{
    "entryScript": "score.py",
    "environment": {
        "name": "deploy",
        "python": {"condaDependencies": {"channels": ["conda-forge"], "dependencies": [
            "python=3.10", "pip=23.0", {"pip": ["scikit-learn==1.3.2"]}
        ]}}
    }
}
```

```yaml conda.yml
name: model
channels: [conda-forge]
dependencies:
  - python=3.10
  - azureml-defaults=1.54.0
```

## Good

```json inferenceconfig.json
{
    "entryScript": "score.py",
    "environment": {
        "name": "deploy",
        "python": {"condaDependencies": {"channels": ["conda-forge"], "dependencies": [
            "python=3.10", "pip=23.0", {"pip": ["azureml-defaults==1.54.0"]}
        ]}}
    }
}
```

## Undecided

```json inferenceconfig.json
{
    "entryScript": "score.py",
    "environment": {
        "name": "deploy",
        "python": {"condaDependencies": {"channels": ["conda-forge"], "dependencies": [
            "python=3.10", "pip=23.0", {"pip": ["git+https://example.com/our/serving.git"]}
        ]}}
    }
}
```

## Fix

List azureml-defaults, pinned, under `pip:`.

**Unsafe fix:** raises the version; adds azureml-defaults under pip, in the newest release that installs on the Python and
serves; moves it there where conda was asked for it. In YAML, JSON and requirements files, not in a program.

## Sources

- All documents: azureml-defaults with version >= 1.0.45 must be listed as a pip dependency; recommenders #1306,
  azureml-examples #2760.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from amlcheck.environment.environment import Environment, Written
from amlcheck.model import Fact, Notice, Repair, Severity
from amlcheck.versions import from_specifiers

if TYPE_CHECKING:
    from amlcheck.fixing.case import Case

ID = "AML611"
SUBJECT = "environment"
SEVERITY = Severity.ERROR
FIX = "list azureml-defaults, pinned, under pip:"
DEFAULTS, SERVER = "azureml-defaults", "azureml-inference-server-http"
OLDEST = from_specifiers(">=1.0.45")


def check(environment: Environment) -> Iterator[Notice]:
    """What is listed of the two packages that serve."""
    conda = environment.conda
    if conda is None:
        return
    for item in conda.named(DEFAULTS, SERVER, manager="conda"):
        if item.spec.name == DEFAULTS and item.span is not None:
            yield Notice("azureml-defaults is a package of pip: conda's channels do not have it", item.span.location)
    for item in conda.named(DEFAULTS, manager="pip"):
        versions = item.spec.versions
        if versions is not None and versions.isdisjoint(OLDEST) and item.span is not None:
            yield Notice(f"azureml-defaults {versions.text} is older than 1.0.45", item.span.location, "raise it")
    if not environment.scoring or conda.open or environment.is_user_managed is not False:
        return
    names = (DEFAULTS, SERVER) if environment.written is Written.V2 else (DEFAULTS,)
    if not conda.named(*names):
        span = conda.pip_span or conda.dependencies_span or conda.span
        yield Notice(f"it lists no {' and no '.join(names)}: nothing in it can serve the model", span.location)


def repair(case: Case) -> Iterator[Repair]:
    """Another release; the package under pip; from conda to pip."""
    from amlcheck.fixing.environment_packages import moved_to_pip, under_pip
    from amlcheck.fixing.python_packages import raised

    conda = case.beside.conda
    if conda is None:
        return
    python = case.beside.python
    versions = python.value.versions if isinstance(python, Fact) else None
    here = [item for item in conda.named(DEFAULTS) if item.span is not None and case.is_at(item.span.location)]
    yield from raised(case, [item.word for item in here if item.manager == "pip"], versions)
    for item in here:
        if item.manager == "conda":
            yield from moved_to_pip(case, conda, item, versions)
    if not here:
        yield from under_pip(case, conda, versions)
