"""Which files belong together: by what they name, then by where they stand."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Mapping, Sequence

from amlcheck import looking
from amlcheck.catalog import Catalog
from amlcheck.discover import is_environment_name
from amlcheck.environment.environment import Environment, Kind, Written
from amlcheck.environment.files import Files
from amlcheck.environment.read import read_environments
from amlcheck.errors import AmlcheckError, UnreadableError
from amlcheck.records import dataclass

_STDIN = "-"


@dataclass(frozen=True)
class Pairs:
    """What a run is about, and what of it belongs together."""

    names: list[str]
    environments: Mapping[str, str]
    """The environment of a Dockerfile."""
    dockerfiles: Mapping[str, str]
    """The Dockerfile of an environment."""


def pair(catalog: Catalog, names: Sequence[str], given: str | None = None) -> Pairs:
    """Pairs Dockerfiles with environments: the one that was given, one that names the Dockerfile, one that stands beside it.

    A conda file that an environment reads is judged there, and is no subject of its own. Raises AmlcheckError.
    """
    stated = [name for name in names if name != _STDIN and is_environment_name(name)]
    dockerfiles = [name for name in names if name not in stated]
    if given is not None:
        return _given(names, dockerfiles, stated, given)
    environments: dict[str, str] = {}
    below: dict[str, str] = {}
    read_by_others: set[str] = set()
    beside: dict[str, list[str]] = defaultdict(list)
    for name in stated:
        files = Files()
        try:
            found = read_environments(name, catalog.knowledge, files, alone=False)
        except (UnreadableError, ArithmeticError, LookupError, TypeError, ValueError, RecursionError):
            continue  # told where the file is judged
        read_by_others |= {os.path.normpath(path) for path in files.opened} - {os.path.normpath(name)}
        for environment in found:
            if environment.dockerfile_path:
                environments.setdefault(environment.dockerfile_path, name)
                below.setdefault(name, environment.dockerfile_path)
            elif _may_be_beside(environment):
                beside[os.path.dirname(name)].append(name)
    for folder, candidates in beside.items():
        here = [name for name in dockerfiles if os.path.dirname(name) == folder and name not in environments]
        if len(here) == 1 and len(set(candidates)) == 1:
            environments[here[0]] = candidates[0]
            below[candidates[0]] = here[0]
    kept = [name for name in names if name not in stated or os.path.normpath(name) not in read_by_others]
    paired = {name: environment for name, environment in environments.items() if name in dockerfiles}
    return Pairs(kept, paired, {name: path for name, path in below.items() if paired.get(path) == name})


def _may_be_beside(environment: Environment) -> bool:
    """Whether a Dockerfile in the same folder is likely to be the image below: v1 does not name it."""
    if environment.kind is Kind.SDK:
        return environment.scoring and environment.written is Written.SDK_V1
    return environment.kind in (Kind.INFERENCE_CONFIG, Kind.V1_ENVIRONMENT)


def _given(names: Sequence[str], dockerfiles: list[str], stated: list[str], given: str) -> Pairs:
    """One environment for all Dockerfiles of the run."""
    if not looking.at(given) or not os.path.isfile(given):
        raise AmlcheckError(f"{given}: the environment cannot be read: there is no such file")
    if not is_environment_name(given):
        raise AmlcheckError(f"{given}: the environment is a JSON, YAML, Python or requirements file")
    kept = [*names, *([] if given in stated else [given])]
    below = {given: dockerfiles[0]} if len(dockerfiles) == 1 else {}
    return Pairs(kept, dict.fromkeys(dockerfiles, given), below)
