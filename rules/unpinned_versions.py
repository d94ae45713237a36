"""A version is not pinned

## What it asks

Packages that decide whether the image works on Azure ML are installed in a stated version: those that a requirement asks
about, and every pip and conda package.

## Why

"When using custom Docker images, it is recommended that you pin package versions in order to better ensure
reproducibility" is the advice of the 2021-04 document. An unpinned package is another one in the next build.

## Bad

```dockerfile
FROM python:3.8-slim
RUN pip install azureml-defaults scikit-learn
```

```dockerfile
FROM python:3.8-slim
RUN pip install azureml-defaults>=1.36
```

## Good

```dockerfile
FROM python:3.8-slim
RUN pip install azureml-defaults==1.54.0 scikit-learn==1.0.2
```

## Fix

Write `package==version` (quote specifiers with < or >: the shell takes them as redirections).

**Unsafe fix:** pins azureml-defaults, where nothing else is unpinned beside it. Which version of another package was tested
is not known.

## Sources

- 2021-04: pin package versions in order to better ensure reproducibility.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from amlcheck.dockerfile.built import Built, Package
from amlcheck.model import Location, Notice, Repair, Severity

if TYPE_CHECKING:
    from amlcheck.fixing.case import Case

ID = "AML302"
SEVERITY = Severity.WARNING
FIX = "pin it: package==version for pip, package=version for conda and apt"
_ALWAYS_NEWEST = frozenset({"pip", "setuptools", "wheel", "uv", "poetry", "pipenv", "virtualenv"})


def check(image: Built) -> Iterator[Notice]:
    """One notice an instruction and manager, naming its unpinned packages."""
    for (_, manager), packages in _loose(image).items():
        names = list(dict.fromkeys(package.name for package in packages))
        shown = ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
        redirected = any("unquoted" in item.note for package in packages for item in package.chain)
        note = "; the shell reads the unquoted > or < as a redirection" if redirected else ""
        yield Notice(f"{manager} installs {shown} in whatever version is newest{note}", _place(packages[0]))


def _loose(image: Built) -> dict[tuple[int, str], list[Package]]:
    """The unpinned packages by the line of their instruction and their manager."""
    loose: dict[tuple[int, str], list[Package]] = {}
    for package in image.packages:
        if package.removed or package.pinned or package.unknown or package.instruction is None or not package.chain:
            continue
        if package.manager not in ("pip", "conda", "apt") or package.name in _ALWAYS_NEWEST:
            continue
        if package.manager == "apt" and not _is_asked_about(image, package):
            continue
        loose.setdefault((package.instruction.start_line, package.manager), []).append(package)
    return loose


def _is_asked_about(image: Built, package: Package) -> bool:
    """Whether a requirement is about this apt package itself, not about something that it may bring along."""
    return any(meaning.version != "perhaps" for meaning in image.knowledge.meanings("apt", package.name))


def _place(package: Package) -> Location | None:
    located = [item.location for item in package.chain if item.location is not None]
    return located[0] if located else None


def repair(case: Case) -> Iterator[Repair]:
    """A release of azureml-defaults, where that is all."""
    from amlcheck.fixing.python_packages import DEFAULTS, pinned
    from amlcheck.fixing.releases import python_of

    for packages in _loose(case.image).values():
        if case.is_at(_place(packages[0])) and {item.name for item in packages} == {DEFAULTS}:
            yield from pinned(case, [item.written for item in packages], python_of(case.image))
