"""Profiles and flavours: which requirements hold. Built-in ones stand in rules/, a user's own is a TOML file.

A profile may extend another; a flavour is laid over the profile; `--require` over both.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from packaging.version import InvalidVersion

from amlcheck import looking
from amlcheck.catalog import Catalog
from amlcheck.data_files import read_data, read_toml
from amlcheck.errors import AmlcheckError, ConfigError
from amlcheck.model import COMPONENTS, Accepted, Requirement, Severity, When
from amlcheck.nearest import nearest
from amlcheck.records import dataclass, field, replace
from amlcheck.regex import regex
from amlcheck.versions import from_specifiers

_REQUIREMENT_KEYS = frozenset({"accepts", "when", "severity", "source", "absent"})
_PROFILE_KEYS = frozenset({"title", "date", "document", "extends", "requires", "rules"})
_REQUIRE = regex(r"\s*(?P<component>[a-z][a-z-]*[a-z])\s*(?P<accepts>.*)", re.DOTALL)
MAX_EXTENDS = 10


@dataclass(frozen=True)
class Profile:
    """The requirements that hold, and how grave each rule is."""

    name: str
    title: str = ""
    date: str = ""
    document: str = ""
    requires: dict[str, Requirement] = field(default_factory=dict)
    rules: dict[str, Severity | None] = field(default_factory=dict)
    """Severity by rule ID; None where the rule is off."""


def load_profile(catalog: Catalog, name: str) -> Profile:
    """A built-in profile by name, or a user's by the path of its TOML file. Raises ConfigError."""
    return _load(catalog, name, "profiles", catalog.profile_names(), 0)


def with_flavour(catalog: Catalog, profile: Profile, name: str) -> Profile:
    """A profile with a flavour's versions laid over it. Raises ConfigError."""
    flavour = _load(catalog, name, "flavours", catalog.flavour_names(), 0)
    return replace(profile, requires={**profile.requires, **flavour.requires}, rules={**profile.rules, **flavour.rules})


def with_requirements(profile: Profile, texts: Iterable[str], option: str = "--require") -> Profile:
    """A profile with requirements from the command line: "python>=3.9", "mpi=openmpi ==4.1.*". Raises AmlcheckError."""
    requires = dict(profile.requires)
    for text in texts:
        match = _REQUIRE.fullmatch(text)
        component = match.group("component") if match else text
        if match is None or component not in COMPONENTS:
            raise AmlcheckError(f"{option} {text!r}: {_unknown(component)}")
        accepts = (
            match.group("accepts").strip().removeprefix("=")
            if re.match(r"=\s*[a-z\d]", match.group("accepts"))
            else match.group("accepts").strip()
        )
        try:
            accepted = parse_accepts(accepts or "present")
        except ValueError as error:
            raise AmlcheckError(
                f"{option} {text!r}: {error}; write it as 'python>=3.9' or 'mpi=openmpi ==4.1.*'"
            ) from error
        requires[component] = Requirement(
            component, accepted, accepts or "present", source="--require", asked_by="--require"
        )
    return replace(profile, requires=requires)


def parse_accepts(text: str) -> tuple[Accepted, ...]:
    """The notation of `accepts`: "present", ">=16.04", "openmpi ==3.1.2.*", "==9.0.* | ==10.0.*". Raises ValueError."""
    choices = []
    for alternative in text.split("|"):
        wanted = alternative.strip()
        if wanted == "present":
            choices.append(Accepted())
            continue
        family = re.match(r"[a-z][a-z0-9-]*", wanted)
        specifiers = wanted[family.end() :].strip() if family else wanted
        if not wanted or (not family and not specifiers):
            raise ValueError("it accepts nothing")
        try:
            versions = from_specifiers(specifiers) if specifiers else None
        except InvalidVersion as error:
            raise ValueError(f"{specifiers!r} is not a version specifier such as '>=3.6'") from error
        if versions is not None and versions.is_empty:
            raise ValueError(f"no version can be {specifiers!r}")
        choices.append(Accepted(family.group(0) if family else "", versions))
    return tuple(choices)


def _unknown(component: str) -> str:
    near = nearest(component.lower(), COMPONENTS)
    hint = f"did you mean {near}?" if near else f"it is one of {', '.join(COMPONENTS)}"
    return f"{component!r} is no requirement; {hint}"


def _load(catalog: Catalog, name: str, folder: str, known: list[str], depth: int) -> Profile:
    kind = folder[:-1]
    if depth > MAX_EXTENDS:
        raise ConfigError(f"{name}: {folder} extend each other in a circle")
    if name.endswith(".toml"):
        path = Path(name)
        looking.into(path)
        data = read_toml(path)
    elif name in known:
        path = catalog.folder / folder / f"{name}.toml"
        data = read_data(path)
    else:
        near = nearest(name, known)
        hint = f"did you mean {near}?" if near else f"there are {', '.join(known)}"
        raise ConfigError(f"no {kind} {name!r}; {hint} (or give the path of a TOML file)")
    _check_keys(path, data, _PROFILE_KEYS)
    base = Profile(path.stem)
    if "extends" in data:
        parent = str(data["extends"])
        beside = path.parent / parent
        base = _load(catalog, str(beside) if parent.endswith(".toml") else parent, folder, known, depth + 1)
    requires = dict(base.requires)
    for component, entry in data.get("requires", {}).items():
        if component not in COMPONENTS:
            raise ConfigError(f"{path}: [requires.{component}]: {_unknown(component)}")
        requires[component] = _requirement(path, component, entry, requires.get(component), path.stem)
    rules = dict(base.rules)
    for rule, severity in data.get("rules", {}).items():
        found = catalog.rule(rule)
        if found is None:
            raise ConfigError(f"{path}: [rules]: there is no rule {rule!r}; `amlcheck rules` lists them")
        rules[found.id] = severity_of(severity, f"{path}: [rules] {rule}")
    if folder == "profiles" and not requires and not rules:
        raise ConfigError(f"{path}: the profile asks nothing; give it [requires.…] tables, or extends")
    return Profile(
        path.stem,
        data.get("title", base.title),
        str(data.get("date", base.date)),
        data.get("document", base.document),
        requires,
        rules,
    )


def severity_of(text: object, where: str) -> Severity | None:
    """A severity by its name; None for "off". Raises ConfigError naming the place."""
    if text == "off":
        return None
    try:
        return Severity[str(text).upper()]
    except KeyError:
        raise ConfigError(f"{where}: {text!r} is no severity; it is error, warning, info or off") from None


def _when(text: object) -> When:
    """When a requirement applies, by its name. Raises ValueError."""
    known = [item.value for item in When]
    if text not in known:
        raise ValueError(f"when is {text!r}; it is one of {', '.join(known)}")
    return When(text)


def _check_keys(path: Path, data: dict[str, Any], known: frozenset[str]) -> None:
    for key in data:
        if key not in known:
            near = nearest(key, known)
            hint = f"did you mean {near!r}?" if near else f"known are {', '.join(sorted(known))}"
            raise ConfigError(f"{path}: unknown key {key!r}; {hint}")


def _requirement(path: Path, component: str, entry: object, before: Requirement | None, asked_by: str) -> Requirement:
    if not isinstance(entry, dict):
        raise ConfigError(f"{path}: [requires.{component}] must be a table with `accepts`")
    _check_keys(path, entry, _REQUIREMENT_KEYS)
    where = f"{path}: [requires.{component}]"
    accepts = entry.get("accepts", before.expected if before else "present")
    if not isinstance(accepts, str):
        raise ConfigError(f'{where}: accepts must be a string: write it in quotes, as ">=3.10"')
    try:
        accepted = parse_accepts(str(accepts))
        when = _when(entry.get("when", before.when.value if before else "always"))
    except ValueError as error:
        raise ConfigError(f"{where}: {error}") from error
    severity = severity_of(entry.get("severity", before.severity.label if before else "error"), where)
    absent = entry.get("absent", "undecided" if before is not None and before.absent_is_undecided else "violated")
    if absent not in ("undecided", "violated"):
        raise ConfigError(f'{where}: absent is {absent!r}; it must be "undecided" or "violated"')
    return Requirement(
        component,
        accepted,
        str(accepts),
        When.NEVER if severity is None else when,
        severity or Severity.INFO,
        str(entry.get("source", before.source if before and "accepts" not in entry else asked_by)),
        absent == "undecided",
        asked_by,
    )
