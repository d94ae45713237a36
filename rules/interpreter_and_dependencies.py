"""interpreterPath, userManagedDependencies and the dependencies contradict one another

## What it asks

Where `userManagedDependencies` is true, nothing is asked to be installed, and the image has Python; where it is false,
`interpreterPath` is left as "python".

## Why

With true, Azure ML installs nothing: `condaDependencies` have no effect. With false the environment's own Python runs, and
another `interpreterPath` has no effect.

## Bad

```json inferenceconfig.json
{
    "entryScript": "score.py",
    "environment": {
        "name": "deploy",
        "python": {"userManagedDependencies": true, "condaDependencies": {"channels": ["conda-forge"], "dependencies": [
            "python=3.10", "pip=23.0", {"pip": ["azureml-defaults==1.54.0"]}
        ]}}
    }
}
```

## Good

```json inferenceconfig.json
{
    "entryScript": "score.py",
    "environment": {
        "name": "deploy",
        "python": {"userManagedDependencies": true, "interpreterPath": "/opt/miniconda/bin/python"}
    }
}
```

## Undecided

```python environment.py
from azureml.core import Environment
from settings import MANAGED

env = Environment(name="deploy")
env.python.user_managed_dependencies = MANAGED
env.python.interpreter_path = "/opt/miniconda/bin/python"
```

## Fix

Say who installs the packages: the image (true, no dependencies) or Azure ML (false).

**No automatic fix:** who installs the packages is the author's to say.

## Sources

- azureml-core 1.61, PythonSection: user_managed_dependencies and interpreter_path.
"""

from __future__ import annotations

from collections.abc import Iterator

from amlcheck.environment.document import location, string
from amlcheck.environment.environment import Environment
from amlcheck.model import Fact, Notice, Severity

ID = "AML620"
SUBJECT = "environment"
SEVERITY = Severity.WARNING
FIX = "say who installs the packages: the image (true, and no dependencies) or Azure ML (false)"
_PLAIN = ("python", "python3", "")


def check(environment: Environment) -> Iterator[Notice]:
    """The three against one another, and against the image."""
    managed = environment.is_user_managed
    path = string(environment.interpreter_path)
    if managed is False and environment.conda is not None and path is not None and path not in _PLAIN:
        yield Notice(
            f"interpreterPath {path} has no effect: the environment's own Python runs",
            location(environment.interpreter_path),
        )
    if managed is not True:
        return
    if environment.conda is not None and environment.conda.wanted:
        yield Notice(
            "userManagedDependencies is true: nothing installs the dependencies that are listed",
            location(environment.user_managed),
            related=(environment.conda.wanted[0].span.evidence("not installed"),)
            if environment.conda.wanted[0].span
            else (),
        )
    if environment.built is not None:
        from amlcheck.dockerfile.interpreters import effective_python

        python = effective_python(environment.built).testimony
        if isinstance(python, Fact) and not python.value.present:
            yield Notice(
                "userManagedDependencies is true, and the image has no Python",
                location(environment.user_managed),
                related=python.evidence,
            )
