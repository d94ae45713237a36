"""The entry script loads the model from a path of its own

## What it asks

The entry script takes the model's folder from `AZUREML_MODEL_DIR`.

## Why

Azure ML mounts or copies the model there, under its name and version; a path that was right on the author's machine is not
there in the container.

## How it is read

A call that loads a file with a model's ending by a path that is written out, in a script that nowhere asks for the model's
folder. A file that stands beside the script is deployed with it, and is left alone.

## Bad

```python score.py
import joblib


def init():
    global model
    model = joblib.load("outputs/model.pkl")


def run(data):
    return model.predict(data)
```

## Good

```python score.py
import os

import joblib


def init():
    global model
    model = joblib.load(os.path.join(os.environ["AZUREML_MODEL_DIR"], "model.pkl"))


def run(data):
    return model.predict(data)
```

## Undecided

```python score.py
import joblib

from settings import MODEL


def init():
    global model
    model = joblib.load(MODEL)


def run(data):
    return model.predict(data)
```

## Fix

Join `os.environ["AZUREML_MODEL_DIR"]` and the file's path in the model.

**No automatic fix:** where the file is in the registered model is not known.

## Sources

- The local web service and local endpoints set AZUREML_MODEL_DIR to azureml-models/<name>/<version>.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from amlcheck import looking
from amlcheck.environment.environment import Environment
from amlcheck.model import Notice, Severity

ID = "AML627"
SUBJECT = "environment"
SEVERITY = Severity.WARNING
FIX = 'start from os.environ["AZUREML_MODEL_DIR"]'


def check(environment: Environment) -> Iterator[Notice]:
    """Each model file that is loaded by a path of its own."""
    from amlcheck.environment.entry_script import fixed_model_paths

    script = environment.entry
    for span, path in fixed_model_paths(script) if script is not None else ():
        there = [os.path.join(folder, path) for folder in script.folders] if script is not None else []
        if not any(looking.at(file) and os.path.isfile(file) for file in there):
            yield Notice(f"the model is loaded from {path}, not from AZUREML_MODEL_DIR", span.location)
