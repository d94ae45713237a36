"""Which release a repair writes: of azureml-defaults, Python, conda and Ubuntu, from the data files, the best first."""

from __future__ import annotations

from collections.abc import Iterator

from packaging.version import Version

from amlcheck.dockerfile.built import Built
from amlcheck.dockerfile.interpreters import effective_python
from amlcheck.fixing.case import Case
from amlcheck.knowledge import DefaultsRange, Installer
from amlcheck.model import Fact, Requirement, Value, version
from amlcheck.regex import regex
from amlcheck.today import today
from amlcheck.versions import VersionSet, exactly, prefix

MOST = 4
"""Releases that are tried for one repair."""


def python_of(image: Built | None) -> VersionSet | None:
    """The Python that runs in an image, where it is known."""
    testimony = effective_python(image).testimony if image is not None else None
    return testimony.value.versions if isinstance(testimony, Fact) else None


def takes(requirement: Requirement | None, value: Value) -> bool:
    """Whether a requirement, where there is one, accepts a value."""
    return requirement is None or requirement.compare(value) is True


def defaults(case: Case, python: VersionSet | None) -> Iterator[str]:
    """Releases of azureml-defaults that are accepted and install on a Python: those that serve first, the newest first.

    Where a Python is known only to a range, and none serves on all of it, those that serve on its oldest come first.
    """
    asked = case.requirements.get("azureml-defaults")
    possible = [
        item
        for item in reversed(case.knowledge.defaults)
        if not item.gone
        and (python is None or not python.isdisjoint(item.python))
        and takes(asked, Value(True, "", exactly(item.newest)))
    ]
    fitting = [item for item in possible if python is None or python <= item.python]
    serving = [item for item in fitting if item.server != "none" and not _breaks(item, python)]
    oldest = python.lowest if python is not None else None
    perhaps = [item for item in possible if item.server != "none" and not _breaks(item, python)]
    perhaps.sort(key=lambda item: oldest is not None and oldest not in item.python)
    yield from [item.newest for item in serving or perhaps or fitting][:MOST]


def _breaks(item: DefaultsRange, python: VersionSet | None) -> bool:
    """Whether the server of a release may not be importable today."""
    if not item.breaks_unless:
        return False
    return item.breaks_python is None or python is None or not python.isdisjoint(item.breaks_python)


def pythons(case: Case) -> Iterator[str]:
    """Pythons that are accepted, as "3.11": the oldest that is supported first, those past their life last."""
    asked = case.requirements.get("python")
    lives = sorted(case.knowledge.python_lifecycles.items(), key=lambda item: Version(item[0]))
    supported = [series for series, end in lives if end >= today()]
    over = [series for series, end in reversed(lives) if end < today()]
    yield from [series for series in (*supported, *over) if takes(asked, version(series))][:MOST]


def like(case: Case, series: str, words: str) -> str:
    """A Python as precisely as other words name one: "3.11" for "3.5", a release of it for "3.5.2"."""
    exact: str = case.remedies.data["python"].get(series, series)
    return exact if words.count(".") >= 2 else series


def installers(case: Case, product: str, words: str, *, other_python: bool) -> Iterator[str]:
    """Versions of a conda installer with an accepted conda and Python.

    With the same Python first, or with the one that a repair would name where another is wanted; as plainly named as the
    version that is there; the newest first.
    """
    known = dict(case.knowledge.installers(product))
    here = _series(known.get(words))
    preferred = list(pythons(case)) if other_python else [here]
    plain = regex(r"[\d.]+").fullmatch(words) is not None
    fitting = [
        (name, item)
        for name, item in known.items()
        if name != words
        and item.conda is not None
        and item.python is not None
        and takes(case.requirements.get("conda"), item.conda)
        and takes(case.requirements.get("python"), item.python)
        and not (other_python and _series(item) == here)
    ]
    fitting.reverse()

    def rank(entry: tuple[str, Installer]) -> tuple[int, bool]:
        series = _series(entry[1])
        place = preferred.index(series) if series in preferred else len(preferred)
        return place, plain and regex(r"[\d.]+").fullmatch(entry[0]) is None

    yield from [name for name, _ in sorted(fitting, key=rank)][:MOST]


def _series(item: Installer | None) -> str:
    """The Python of an installer, as "3.11"; empty where it is not known to its minor version."""
    lowest = item.python.versions.lowest if item is not None and item.python and item.python.versions else None
    return f"{lowest.major}.{lowest.minor}" if lowest is not None and len(lowest.release) > 1 else ""


def condas(case: Case) -> Iterator[str]:
    """Releases of conda that are accepted: the last of 4, which every Python of its time has, then the newest."""
    asked = case.requirements.get("conda")
    known = {
        item.conda.versions.lowest
        for _, item in case.knowledge.installers("miniconda3")
        if item.conda is not None and item.conda.versions is not None and item.conda.versions.lowest is not None
    }
    fitting = sorted((item for item in known if takes(asked, version(str(item)))), reverse=True)
    fours = [str(item) for item in fitting if item.major == 4 and len(item.release) > 2]
    yield from [*fours[:1], *(str(item) for item in fitting)][:MOST]


def ubuntus(case: Case) -> Iterator[str]:
    """Long-term releases of Ubuntu that are accepted: the oldest that is supported first."""
    asked = case.requirements.get("ubuntu")
    found = [
        release
        for release in case.knowledge.releases("ubuntu")
        if release.end_of_life is not None
        and release.end_of_life >= today()
        and regex(r"\d[02468]\.04").fullmatch(release.version)
        and takes(asked, Value(True, "", prefix(release.version)))
    ]
    yield from sorted((release.version for release in found), key=Version)[:MOST]
