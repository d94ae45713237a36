"""The entry script does not parse under the Python that runs it

## What it asks

The entry script is Python of the version that the environment has, or the image where nothing is installed on top.

## Why

The server ends with a SyntaxError before it answers anything: "Worker failed to boot".

## How it is read

With the grammar of the Python that amlcheck runs on; syntax that is newer than the environment's Python is told, syntax
that may be newer than amlcheck's own is not judged.

## Bad

```yaml deployment.yml
$schema: https://azuremlschemas.azureedge.net/latest/managedOnlineDeployment.schema.json
name: blue
endpoint_name: model
instance_type: Standard_DS3_v2
code_configuration: {code: ., scoring_script: score.py}
environment: azureml:model:1
```

```python + score.py
def init()
    pass
```

## Good

```yaml deployment.yml
$schema: https://azuremlschemas.azureedge.net/latest/managedOnlineDeployment.schema.json
name: blue
endpoint_name: model
instance_type: Standard_DS3_v2
code_configuration: {code: ., scoring_script: score.py}
environment: azureml:model:1
```

```python + score.py
def init():
    pass


def run(data):
    return data
```

## Undecided

```yaml deployment.yml
$schema: https://azuremlschemas.azureedge.net/latest/managedOnlineDeployment.schema.json
name: blue
endpoint_name: model
instance_type: Standard_DS3_v2
code_configuration: {code: ., scoring_script: score.py}
environment: azureml:model:1
```

```python + score.py
def init():
    pass


def run(data):
    if (rows := len(data)) > 3:
        return rows
    return data
```

## Fix

Correct the place, or write it as that Python has it.

**No automatic fix:** what was meant is not known.

## Sources

- azureml-inference-server-http 1.5.1, run with such scripts; Python's "What's New" for what each version added.
"""

from __future__ import annotations

from collections.abc import Iterator

from amlcheck.environment.environment import Environment
from amlcheck.model import Fact, Notice, Severity
from amlcheck.versions import from_specifiers

ID = "AML624"
SUBJECT = "environment"
SEVERITY = Severity.ERROR
FIX = "correct the place that is shown"


def check(environment: Environment) -> Iterator[Notice]:
    """What the grammar refuses, and what it takes only since a Python that is newer than the one that runs."""
    from amlcheck.environment.entry_script import newer_syntax
    from amlcheck.environment.python_source import OWN

    script = environment.entry
    if script is None:
        return
    python = environment.python
    versions = python.value.versions if isinstance(python, Fact) else None
    problem = script.program.problem
    if problem is not None:
        own = from_specifiers(f"<={OWN[0]}.{OWN[1]}.9999")
        if not script.program.maybe_newer or (versions is not None and versions <= own):
            yield Notice(f"the entry script is no valid Python: {problem.message}", problem.span.location)
        return
    if versions is None:
        return
    told: set[str] = set()
    for since, span, what in newer_syntax(script):
        if what not in told and versions.isdisjoint(from_specifiers(f">={since[0]}.{since[1]}")):
            told.add(what)
            yield Notice(
                f"{what} needs Python {since[0]}.{since[1]}, and the environment has {versions.text}",
                span.location,
                "write it without, or raise Python",
                related=python.evidence if python is not None else (),
            )
