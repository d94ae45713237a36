r"""conda's Python is not the one that `python` runs

## What it asks

Where conda is installed, the first Python on PATH is conda's (or that of one of its environments).

## Why

Packages that conda and its pip install are not seen by another Python, and Azure ML runs `python` as PATH finds it.

## Bad

```dockerfile
FROM ubuntu:20.04
RUN apt-get update && apt-get install -y python3 wget
RUN wget -q https://repo.anaconda.com/miniconda/Miniconda3-py38_4.12.0-Linux-x86_64.sh -O /tmp/conda.sh && \
    bash /tmp/conda.sh -b -p /opt/conda
```

## Good

```dockerfile
FROM ubuntu:20.04
ENV PATH=/opt/conda/bin:$PATH
RUN apt-get update && apt-get install -y python3 wget
RUN wget -q https://repo.anaconda.com/miniconda/Miniconda3-py38_4.12.0-Linux-x86_64.sh -O /tmp/conda.sh && \
    bash /tmp/conda.sh -b -p /opt/conda
```

## Fix

Put conda's bin folder first: `ENV PATH=/opt/conda/bin:$PATH`.

**Unsafe fix:** adds `ENV PATH=PREFIX/bin:$PATH` behind the instruction that installs conda.

## Sources

- docs/azureml-facts of the project, section 3: the interpreter that Azure ML will use, not the first found.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from amlcheck.dockerfile.built import Built
from amlcheck.dockerfile.interpreters import effective_python, pythons
from amlcheck.model import Fact, Notice, Repair, Severity

if TYPE_CHECKING:
    from amlcheck.fixing.case import Case

ID = "AML204"
SEVERITY = Severity.WARNING
FIX = "put conda's bin folder first on PATH"


def check(image: Built) -> Iterator[Notice]:
    """A conda prefix whose Python another one hides, or that PATH does not name at all."""
    prefixes = [prefix for prefix in image.conda_prefixes() if prefix]
    if not prefixes or image.active_env or any(package.manager == "link" for package in image.packages):
        return
    python = effective_python(image)
    of_conda = any(python.place == prefix or python.place.startswith(prefix + "/") for prefix in prefixes)
    if not python.place or (of_conda and python.on_path):
        return
    installed = dict(pythons(image))
    prefix = prefixes[-1]
    theirs = installed.get(prefix)
    if theirs is None or not theirs.evidence:
        return
    version = f" ({theirs.value.text})" if isinstance(theirs, Fact) else ""
    where = f"`python` is the one in {python.place}" if python.on_path else "PATH does not name its bin folder"
    yield Notice(f"conda's Python{version} in {prefix} is not the one that runs: {where}", theirs.evidence[-1].location)


def repair(case: Case) -> Iterator[Repair]:
    """An ENV behind the instruction that brings conda."""
    from amlcheck.fixing import lines
    from amlcheck.fixing.case import unsafe

    source = case.image.dockerfile.source
    for package in case.image.packages:
        of_conda = package.manager == "installer" and package.place and package.instruction is not None
        if of_conda and package.instruction is not None and case.is_at(package.chain[-1].location):
            line = f"ENV PATH={package.place}/bin:$PATH"
            yield unsafe(f"add {line}", lines.after(source, package.instruction, line))
