r"""A program that the image does not have

## What it asks

What a RUN calls is in the image by then: pip and python where a Python was installed, conda where a conda was.

## Why

The build fails at that line ("pip: not found", exit code 127), in the cloud after many minutes.

## How it is read

The base image is known to have no Python (or conda), and nothing before the line brings one: every package is known not
to, nothing unreadable has run, nothing that may be the program was copied, linked or moved to where PATH finds it. apt's
python3 brings neither pip nor, since Ubuntu 20.04 and Debian 11, a plain `python`. A command whose failure the script passes
over (`|| true`, a condition, a `;` without `set -e`) is no finding; what it would have installed is not there all the same.

## Bad

```dockerfile
FROM ubuntu:20.04
RUN pip install azureml-defaults==1.60.0
```

```dockerfile
FROM python:3.10-slim
RUN conda install -y python=3.9
```

```dockerfile
FROM ubuntu:22.04
RUN apt-get update && apt-get install -y python3
RUN pip3 install azureml-defaults==1.60.0
```

## Good

```dockerfile
FROM ubuntu:22.04
RUN apt-get update && apt-get install -y python3-pip
RUN pip3 install azureml-defaults==1.60.0
```

```dockerfile
FROM ubuntu:20.04
RUN pip --version || true
RUN if command -v conda; then conda clean -ya; fi
```

## Undecided

```dockerfile
FROM registry.example.com/team/base:7
RUN pip install azureml-defaults==1.60.0
```

## Fix

Install what brings the program before the line, or call the program that is there.

**No automatic fix:** which Python or conda is meant is its author's choice.

## Sources

- rules/base_images.toml: what base images contain; rules/apt_packages.toml: what packages of apt bring along.
- Debian python-policy and Ubuntu 20.04's release notes: /usr/bin/python comes from python-is-python2 and -python3 only.
"""

from __future__ import annotations

from collections.abc import Iterator

from amlcheck.dockerfile.built import Built
from amlcheck.model import Notice, Severity

ID = "AML310"
SEVERITY = Severity.ERROR
FIX = "install what brings the program before the line"


def check(image: Built) -> Iterator[Notice]:
    """The first command of each program: the build ends there."""
    told: set[str] = set()
    for item in sorted(image.missing, key=lambda item: item.span.start):
        if item.noticed and item.program not in told:
            told.add(item.program)
            message = f"{item.program} is not in the image: {item.why}"
            yield Notice(message, item.span.location, item.remedy, item.chain)
