"""A file beside the image cannot be read as what it is

## What it asks

JSON and YAML files are well formed, in UTF-8, no key stands twice in a mapping, and none is larger or deeper than any
environment can be.

## Why

The tool that reads the file stops at the first fault, or takes the last of two keys without a word.

## How it is read

JSON as Python's `json` reads it, YAML 1.1 as PyYAML does. A file with a template's variables, which is filled in before
it is used, is not judged.

## Bad

```json inferenceconfig.json
{
    "entryScript": "score.py",
    "environment": {"name": "a", "version": "1", "name": "b"}
}
```

```yaml environment.yml
name: model
channels: [conda-forge
dependencies:
  - python=3.12
```

## Good

```yaml environment.yml
name: model
channels: [conda-forge]
dependencies:
  - python=3.12
```

## Undecided

```yaml environment.yml
name: model
channels: [conda-forge]
dependencies:
  {% for package in packages %}
  - {{ package }}
  {% endfor %}
```

## Fix

Correct the place that is shown.

**No automatic fix:** what was meant is not known.

## Sources

- RFC 8259 and the `json` module of Python; the YAML specification, 3.2.1.3: keys are unique.
"""

from __future__ import annotations

from collections.abc import Iterator

from amlcheck.environment.environment import Environment
from amlcheck.model import Notice, Severity

ID = "AML601"
SUBJECT = "environment"
SEVERITY = Severity.ERROR
FIX = "correct the place that is shown"


def check(environment: Environment) -> Iterator[Notice]:
    """What the reader found."""
    for problem in environment.problems:
        yield Notice(problem.message, problem.span.location)
