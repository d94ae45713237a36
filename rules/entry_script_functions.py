"""The entry script has no init() and run() that the server accepts

## What it asks

The entry script defines `init()`, which needs no arguments, and `run(…)` with at least one argument for the data, and no
positional-only arguments, `*args` or `**kwargs`.

## Why

The server refuses any other script when it starts, and answers nothing at all.

## How it is read

Whatever binds the two names counts, imports and assignments too; what is bound under a condition, by `import *` or by a
decorator of one's own is not judged.

## Bad

```python score.py
def init():
    pass


def run(*data):
    return data
```

## Good

```python score.py
def init():
    pass


def run(data, request_headers):
    return data
```

## Undecided

```python score.py
from serving import *


def run(data):
    return data
```

## Fix

Define both as the server calls them.

**No automatic fix:** what the functions do is the author's to say.

## Sources

- azureml-inference-server-http 1.5.1, server/user_script.py, and the server run with each of these scripts.
"""

from __future__ import annotations

from collections.abc import Iterator

from amlcheck.environment.environment import Environment
from amlcheck.model import Notice, Severity

ID = "AML625"
SUBJECT = "environment"
SEVERITY = Severity.ERROR
FIX = "define init() without arguments and run() with one for the data"


def check(environment: Environment) -> Iterator[Notice]:
    """What is missing, and what the server does not take."""
    from amlcheck.environment.entry_script import missing_functions, refused_signatures

    script = environment.entry
    if script is None:
        return
    missing = missing_functions(script)
    if missing:
        place = script.program.mapped.span(0, 0).location
        yield Notice(
            f"the entry script {script.shown} defines no {' and no '.join(f'{name}()' for name in missing)}", place
        )
    for span, message in refused_signatures(script):
        yield Notice(message, span.location)
