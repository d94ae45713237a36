"""Loads probes/ and a user's own probes, and asks them: a crash is an Unknown or a finding, never silence.

Like rules, probes are loaded by path from the installed package or the checkout.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from amlcheck.catalog import CRASHED, Catalog, load, shipped_folder
from amlcheck.errors import ConfigError
from amlcheck.image.image import CannotRunError, Image
from amlcheck.image.survey import Conclusion, Sighting, conclude
from amlcheck.image.tree import NotReadableError, UnseenError, Wanted
from amlcheck.model import COMPONENTS, Finding, Notice, Severity, Unknown
from amlcheck.records import dataclass, field
from amlcheck.regex import regex

if TYPE_CHECKING:
    from testinfra.host import Host

Testify = Callable[["Host", Image], Iterable[Sighting | Unknown]]
Check = Callable[["Host", Image], Iterable[Notice]]
_OWN_ID = regex(r"(?!AML)[A-Z][A-Z0-9]*\d{3}")


@dataclass(frozen=True)
class Probe:
    """A probe: what it will ask of the files, and what it says of a component or of places."""

    name: str
    page: str
    """The module's docstring, the first line its title."""
    wanted: Wanted
    component: str = ""
    testify: Testify | None = None
    searched: str = ""
    """Where it looks, for people who are told that nothing was found."""
    checks: Mapping[str, Check] = field(default_factory=dict)
    """By the ID of the rule whose finding it is."""
    severity: Severity = Severity.WARNING
    """Of the findings of a user's own rule; those of built-in rules have the rule's."""
    fix: str = ""


@dataclass(frozen=True)
class Probes:
    """All probes of a run."""

    built_in: tuple[Probe, ...]
    own: tuple[Probe, ...] = ()

    @property
    def all(self) -> tuple[Probe, ...]:
        return (*self.built_in, *self.own)

    @property
    def wanted(self) -> Wanted:
        """What all of them together will ask of the files."""
        together = Wanted()
        for probe in self.all:
            together |= probe.wanted
        return together

    def ask(self, component: str, image: Image) -> Conclusion:
        """What is said of a component by its own probe, and by a user's that speak of it too."""
        asked = [probe for probe in self.all if probe.component == component]
        seen = [item for probe in asked for item in _guarded(probe, component, image)]
        try:
            return conclude(component, seen, asked[0].searched)
        except Exception as error:  # what a probe yields may be anything
            return Conclusion(Unknown(component, f"the probe {asked[-1].name} gave no use: {_told(error)}"))

    def look(self, image: Image, catalog: Catalog, severities: Mapping[str, Severity | None]) -> list[Finding]:
        """The findings of all checks whose rule is on."""
        found = []
        for probe in self.all:
            for identifier, check in probe.checks.items():
                rule = catalog.rule(identifier)
                default = probe.severity if rule is None else rule.severity if rule.on else None
                severity = severities.get(identifier, default)
                if severity is not None:
                    fix = probe.fix if rule is None else rule.fix
                    found += _findings(probe, identifier, check, image, severity, fix)
        return found


def _guarded(probe: Probe, component: str, image: Image) -> Iterator[Sighting | Unknown]:
    assert probe.testify is not None
    try:
        yield from probe.testify(image.host, image)
    except (NotReadableError, UnseenError, CannotRunError) as error:
        yield Unknown(component, str(error))
    except Exception as error:  # a probe that fails must not silence the others
        yield Unknown(component, f"the probe {probe.name} failed: {_told(error)}")


def _findings(probe: Probe, identifier: str, check: Check, image: Image, severity: Severity, fix: str) -> list[Finding]:
    try:
        return [
            Finding(identifier, severity, notice.message, notice.location, notice.fix or fix, notice.related)
            for notice in check(image.host, image)
        ]
    except (NotReadableError, UnseenError, CannotRunError) as error:
        return [Finding(identifier, Severity.INFO, f"not checked: {error}")]
    except Exception as error:  # as above
        message = f"the probe {probe.name} failed and says nothing of {identifier}: {_told(error)}"
        return [Finding(CRASHED, Severity.WARNING, message, fix="please report it with the image")]


def _told(error: Exception) -> str:
    """An error as part of a sentence; what an image put into it is bounded here and cleaned by the report."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text[:300]}{'…' if len(text) > 300 else ''}"


def load_probes(catalog: Catalog, folders: Iterable[Path] = ()) -> Probes:
    """The built-in probes, and those in a user's folders. Raises ConfigError for none, duplicates and orphans."""
    folder = shipped_folder("probes", "__init__.py")
    built_in = tuple(_probe(path, catalog, own=False) for path in sorted(folder.glob("[!_]*.py")))
    asked = [probe.component for probe in built_in if probe.component]
    wrong = [name for name in COMPONENTS if asked.count(name) != 1]
    if wrong:
        raise ConfigError(f"{folder}: each component needs one probe; wrong: {', '.join(wrong)}")
    own = []
    for place in folders:
        if not place.is_dir():
            raise ConfigError(f"{place}: is no folder of probes")
        paths = [path for path in sorted(place.glob("[!_]*.py")) if not path.name.startswith(("test_", "conftest"))]
        if not paths:
            raise ConfigError(f"{place}: has no probes: a probe is a Python file there (see docs/probes.md)")
        own += [_probe(path, catalog, own=True) for path in paths]
    identifiers = [identifier for probe in own for identifier in probe.checks]
    twice = sorted({name for name in identifiers if identifiers.count(name) > 1})
    if twice:
        raise ConfigError(f"two probes have the ID {twice[0]}")
    return Probes(built_in, tuple(own))


def _probe(path: Path, catalog: Catalog, own: bool) -> Probe:
    module = load(path, "probe")
    stem = path.stem.replace("_", "-")
    testify = getattr(module, "testify", None)
    component = getattr(module, "COMPONENT", stem if testify is not None else "")
    checks = dict(getattr(module, "CHECKS", {}))
    if own and callable(getattr(module, "check", None)):
        checks[getattr(module, "ID", "")] = module.check
    if testify is not None and component not in COMPONENTS:
        raise ConfigError(f"{path}: COMPONENT must be one of {', '.join(COMPONENTS)}, and is {component!r}")
    for identifier in checks:
        wrong = not _OWN_ID.fullmatch(identifier) if own else catalog.rule(identifier) is None
        if wrong:
            raise ConfigError(f"{path}: ID must be one of your own such as ORG001, and is {identifier!r}")
    if testify is None and not checks:
        raise ConfigError(f"{path}: a probe needs testify(host, image), or ID and check(host, image)")
    wanted = getattr(module, "WANTED", Wanted())
    if not isinstance(wanted, Wanted):
        raise ConfigError(f"{path}: WANTED must be an amlcheck.image.tree.Wanted")
    return Probe(
        name=stem,
        page=(module.__doc__ or "").strip(),
        wanted=wanted,
        component=component if testify is not None else "",
        testify=testify,
        searched=getattr(module, "SEARCHED", "the whole image"),
        checks=checks,
        severity=getattr(module, "SEVERITY", Severity.WARNING),
        fix=getattr(module, "FIX", ""),
    )
