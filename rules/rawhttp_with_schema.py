"""run() is decorated with both rawhttp and input_schema

## What it asks

`run()` has `@rawhttp` or `@input_schema`, not both.

## Why

One asks for the request as it came, the other for parsed arguments: the server refuses to start.

## Bad

```python score.py
from azureml.contrib.services.aml_request import rawhttp
from inference_schema.parameter_types.standard_py_parameter_type import StandardPythonParameterType
from inference_schema.schema_decorators import input_schema


def init():
    pass


@input_schema("data", StandardPythonParameterType({"a": 1}))
@rawhttp
def run(data):
    return data
```

## Good

```python score.py
from azureml.contrib.services.aml_request import rawhttp


def init():
    pass


@rawhttp
def run(request):
    return request.get_data()
```

## Undecided

```python score.py
from our.serving import input_schema, rawhttp


def init():
    pass


@input_schema("data", None)
@rawhttp
def run(data):
    return data
```

## Fix

Leave one of them out.

**No automatic fix:** which of the two is meant is not known.

## Sources

- azureml-inference-server-http 1.5.1: "run() cannot be decorated with both @rawhttp and @input_schema".
"""

from __future__ import annotations

from collections.abc import Iterator

from amlcheck.environment.environment import Environment
from amlcheck.model import Notice, Severity

ID = "AML628"
SUBJECT = "environment"
SEVERITY = Severity.ERROR
FIX = "leave one of the two decorators out"


def check(environment: Environment) -> Iterator[Notice]:
    """Both decorators on one function, of Azure ML's own."""
    from amlcheck.environment.entry_script import mixed_decorators

    both = mixed_decorators(environment.entry) if environment.entry is not None else None
    if both is not None:
        raw, schema = both
        yield Notice(
            "run() is decorated with both @rawhttp and @input_schema: the server does not start",
            raw.location,
            related=(schema.evidence("and with this"),),
        )
