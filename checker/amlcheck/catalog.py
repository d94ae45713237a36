"""Loads what stands in rules/: the rules themselves, the profiles, the flavours and the data.

The folder is the one inside the installed package, or beside the checkout. It is loaded by path and never imported by
name, so that a user's own `rules` package can neither shadow nor be shadowed. None, duplicates and orphans are refused.
(`amlcheck.probing` loads probes/ in the same way.)
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from functools import cached_property, lru_cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from amlcheck.data_files import compiled
from amlcheck.errors import ConfigError
from amlcheck.knowledge import Knowledge
from amlcheck.model import COMPONENTS, Finding, Notice, Repair, Severity, Testimony, Unknown
from amlcheck.records import dataclass
from amlcheck.regex import regex

if TYPE_CHECKING:
    from amlcheck.dockerfile.built import Built
    from amlcheck.environment.environment import Environment
    from amlcheck.fixing.case import Case

_ID = regex(r"AML\d{3}")
CRASHED = "AML000"
DOCKERFILE, ENVIRONMENT, POLICY = "dockerfile", "environment", "policy"


@dataclass(frozen=True)
class Rule:
    """A rule: its name, what it says of a component or of places, and its page."""

    id: str
    name: str
    summary: str
    severity: Severity
    fix: str
    page: str
    """The module's docstring in Markdown, the first line its title."""
    component: str = ""
    """Set for the rule of a requirement."""
    testify: Callable[[Built], Testimony] | None = None
    check: Callable[[Any], Iterator[Notice]] | None = None
    on: bool = True
    """Whether it runs unless a profile says otherwise."""
    subject: str = DOCKERFILE
    """What `check` is given: DOCKERFILE, what a Dockerfile builds, or ENVIRONMENT, what stands beside it.

    POLICY: it is about what a file wants to have ignored (amlcheck.policy)."""
    live: bool = False
    """Only an image can show it, or the comparison of an image with its Dockerfile, or all rules have to be asked before:
    the rule is no more than its page."""
    repair: Callable[[Case], Iterator[Repair]] | None = None
    """What may make one of its violations or findings go away, the best first; `amlcheck.fixing` proves each."""

    def ask(self, image: Built) -> Testimony:
        """The requirement's testimony. A crash is an Unknown with its reason."""
        assert self.testify is not None
        try:
            return self.testify(image)
        except Exception as error:  # a rule that fails must not silence the others
            return Unknown(self.component, f"the rule {self.id} failed: {type(error).__name__}: {error}")

    def look(self, image: Built | Environment, severity: Severity) -> list[Finding]:
        """The findings. A crash is a finding with its reason."""
        assert self.check is not None
        try:
            return [
                Finding(
                    self.id,
                    severity,
                    notice.message,
                    notice.location,
                    notice.fix or self.fix,
                    notice.related,
                    notice.repair,
                )
                for notice in self.check(image)
            ]
        except Exception as error:  # as above
            message = f"the rule {self.id} failed and says nothing: {type(error).__name__}: {error}"
            return [Finding(CRASHED, Severity.WARNING, message, fix="please report it with the file")]


def rules_folder() -> Path:
    """The folder with rules and data. Raises ConfigError where the installation has none."""
    return shipped_folder("rules", "distributions.toml")


def shipped_folder(name: str, with_file: str) -> Path:
    """The folder inside the installed package, or beside the checkout, that has a certain file. Raises ConfigError."""
    package = Path(__file__).resolve().parent
    for folder in (package / name, package.parent.parent / name):
        if (folder / with_file).is_file():
            return folder
    raise ConfigError(f"{package}: the installation is incomplete: it has no {name}; install amlcheck again")


class Catalog:
    """Everything in one rules folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.knowledge = Knowledge(folder)

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """All rules by their ID. Raises ConfigError for none, duplicates and orphans."""
        files = [str(path) for path in sorted(self.folder.glob("[!_]*.py"))]
        index = compiled(str(self.folder / "index"), files, lambda: [_entry(_rule(Path(file))) for file in files])
        found = [_of_entry(entry, Path(file)) for entry, file in zip(index, files, strict=True)]
        if not found:
            raise ConfigError(f"{self.folder}: no rules here; install amlcheck again")
        for attribute in ("id", "name"):
            seen: set[str] = set()
            for rule in found:
                value = getattr(rule, attribute)
                if value in seen:
                    raise ConfigError(f"{self.folder}: two rules have the {attribute} {value}")
                seen.add(value)
        asked = [rule.component for rule in found if rule.component]
        missing = [component for component in COMPONENTS if component not in asked]
        orphans = [component for component in asked if component not in COMPONENTS or asked.count(component) > 1]
        if missing or orphans:
            raise ConfigError(f"{self.folder}: each component needs one rule; wrong: {', '.join(missing + orphans)}")
        return tuple(sorted(found, key=lambda rule: rule.id))

    @cached_property
    def requirements(self) -> dict[str, Rule]:
        """The rule of each component."""
        return {rule.component: rule for rule in self.rules if rule.component}

    def rule(self, name: str) -> Rule | None:
        """A rule by its ID or name."""
        wanted = name.strip()
        return next((rule for rule in self.rules if wanted.upper() == rule.id or wanted.lower() == rule.name), None)

    def profile_names(self) -> list[str]:
        return sorted(path.stem for path in (self.folder / "profiles").glob("*.toml"))

    def flavour_names(self) -> list[str]:
        return sorted(path.stem for path in (self.folder / "flavours").glob("*.toml"))


@lru_cache(maxsize=1)
def catalog() -> Catalog:
    """The catalogue of this installation."""
    return Catalog(rules_folder())


def load(path: Path, kind: str) -> ModuleType:
    """The module in a file, a "rule" or a "probe", loaded by path. Raises ConfigError."""
    spec = importlib.util.spec_from_file_location(f"amlcheck.{kind}s.{path.stem}", path)
    if spec is None or spec.loader is None:
        raise ConfigError(f"{path}: cannot be loaded as a {kind}")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise ConfigError(f"{path}: the {kind} cannot be loaded: {type(error).__name__}: {error}") from error
    return module


class _Later:
    """A function of a rule's module, which is loaded when the function is first called."""

    def __init__(self, path: Path, name: str) -> None:
        self._path = path
        self._name = name

    def __call__(self, subject: Any) -> Any:
        return self._function(subject)

    @cached_property
    def _function(self) -> Callable[[Any], Any]:
        function: Callable[[Any], Any] = getattr(load(self._path, "rule"), self._name)
        return function


_PLAIN = ("id", "name", "summary", "fix", "page", "component", "on", "subject", "live")


def _entry(rule: Rule) -> dict[str, Any]:
    """All that the catalogue needs to know of a rule without its module, as plain data."""
    plain = {name: getattr(rule, name) for name in _PLAIN}
    return {
        **plain,
        "severity": int(rule.severity),
        "does": rule.testify is not None,
        "looks": rule.check is not None,
        "mends": rule.repair is not None,
    }


def _of_entry(entry: dict[str, Any], path: Path) -> Rule:
    plain = {name: entry[name] for name in _PLAIN}
    testify = _Later(path, "testify") if entry["does"] else None
    check = _Later(path, "check") if entry["looks"] else None
    repair = _Later(path, "repair") if entry["mends"] else None
    return Rule(**plain, severity=Severity(entry["severity"]), testify=testify, check=check, repair=repair)


def _rule(path: Path) -> Rule:
    module = load(path, "rule")
    page = (module.__doc__ or "").strip()
    testify, check = getattr(module, "testify", None), getattr(module, "check", None)
    identifier, live = getattr(module, "ID", ""), getattr(module, "LIVE", False) is True
    subject = getattr(module, "SUBJECT", DOCKERFILE)
    needed = {DOCKERFILE: True, ENVIRONMENT: check is not None, POLICY: live}
    if not needed.get(subject, False):
        raise ConfigError(
            f"{path}: SUBJECT is {DOCKERFILE!r}, {ENVIRONMENT!r} for a rule with a check, or {POLICY!r} with LIVE = True"
        )
    if not _ID.fullmatch(identifier) or not page or [testify is None, check is None, not live].count(False) != 1:
        raise ConfigError(
            f"{path}: a rule needs an ID such as AML101, a page, and either testify, check or LIVE = True"
        )
    return Rule(
        id=identifier,
        name=path.stem.replace("_", "-"),
        summary=page.split("\n", 1)[0].strip(),
        severity=getattr(module, "SEVERITY", Severity.ERROR),
        fix=getattr(module, "FIX", ""),
        page=page,
        component=path.stem.replace("_", "-") if testify is not None else "",
        testify=testify,
        check=check,
        on=getattr(module, "ON", True),
        subject=subject,
        live=live,
        repair=getattr(module, "repair", None),
    )
