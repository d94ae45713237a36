"""The test deployment fails

## What it asks

The image, run as Azure ML runs it, becomes live, answers a scoring request as expected, and goes on doing so after
requests that it may refuse.

## Why

An image that meets every version can still fail to serve, and the cloud's own message names no cause: "the container
crashed, this may be caused by errors in your scoring file's init() function" stands for all of them.

## How it is read

`amlcheck score` (docs/score.md) starts the container on 127.0.0.1, watches its state while it asks the liveness route,
and matches what it saw (exit code, the kernel's and the engine's word, the server's log, the answers) against
rules/failures.toml, which has each cause with its remedy and source.

## Bad

```python
def run(data):
    return model.predict(data)  # nothing defines init(), which would load the model
```

## Good

```python
import json
import os
import pickle


def init():
    global model
    with open(os.path.join(os.environ["AZUREML_MODEL_DIR"], "model.pkl"), "rb") as file:
        model = pickle.load(file)


def run(data):
    return model.predict(json.loads(data)["data"]).tolist()
```

## Fix

What the finding says: each cause has its own remedy.

**No automatic fix:** only the image shows it, and not which words of which file are to blame.

## Sources

- Microsoft's documents on deploying with a custom image and on local deployments; azureml-inference-server-http 1.5.1 as
  it ran; the issues that rules/failures.toml names.
"""

from __future__ import annotations

from amlcheck.model import Severity

ID = "AML501"
SEVERITY = Severity.ERROR
FIX = "correct what the test deployment shows"
LIVE = True
