"""Package specifications with their places: conda's match specs and pip's requirements."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from packaging.version import InvalidVersion

from amlcheck.dockerfile.text import HOLE, Text
from amlcheck.environment.limits import MAX_WORD
from amlcheck.records import dataclass
from amlcheck.regex import regex
from amlcheck.versions import ANY, MAX_CLAUSES, VersionSet, exactly, from_specifiers, prefix

if TYPE_CHECKING:
    from packaging.markers import Marker
    from packaging.requirements import Requirement

_CLAUSE = r"(?:[=!]=|[<>]=?)\s*\d+(?:\.\d+)*"
PLAIN_REQUIREMENT = regex(rf"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?\s*({_CLAUSE}(?:,\s*{_CLAUSE})*)?")
"""A requirement without extras, URL and marker; packaging reads all others, and is slow to import."""
_CONDA = regex(
    r"(?:[\w./:\[\]-]+::)?(?P<name>[A-Za-z0-9_.-]+?)"
    r"(?:\[(?P<bracket>[^\]]*)\])?"
    r"(?:(?P<space>\s+)|(?=[=<>!~\ufffc\s]|$))(?P<spec>.*)",
    re.DOTALL,
)
_BRACKET_VERSION = regex(r"version\s*=\s*(?:'([^']*)'|\"([^\"]*)\"|([^,\]\s]+))")
_PIP_NAME = regex(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[([^\]]*)\])?\s*(.*)", re.DOTALL)
_WHEEL = regex(r"(?P<name>[A-Za-z0-9_.]+)-(?P<version>[^-/]+)(?:-[^-/]+){2,4}\.whl")


@dataclass(frozen=True, slots=True)
class Spec:
    """A package that is asked for."""

    name: str
    versions: VersionSet | None
    """None where any version will do, or where it is not known (`unknown` says why)."""
    version_part: Text | None = None
    unknown: str = ""
    extras: frozenset[str] = frozenset()
    applies: bool = True
    """False where an environment marker rules it out on Linux."""
    marker: Marker | None = None
    """An environment marker that asks for the Python."""


def conda_spec(word: Text) -> Spec | None:
    """A conda match spec: "python=3.7", "conda-forge::numpy >=1.2,<2", "cudatoolkit=10.1=h6bb024c_0"; None where it is none."""
    text = word.value.strip().strip("\"'")
    if len(text) > MAX_WORD:
        return None
    match = _CONDA.fullmatch(text)
    if match is None or not match.group("name"):
        return None
    name = match.group("name").lower()
    spec = match.group("spec").strip()
    bracket = _BRACKET_VERSION.search(match.group("bracket") or "")
    if bracket is not None:
        spec = next(group for group in bracket.groups() if group is not None)
    if not spec:
        return Spec(name, None)
    at = word.value.find(spec)
    part = word.slice(at, at + len(spec)) if at >= 0 else word
    if HOLE in spec:
        return Spec(name, None, part, word.reason or "it cannot be resolved")
    versions = conda_versions(spec)
    return Spec(name, versions, part, "" if versions is not None else f"{spec!r} is not a version that can be read")


def conda_versions(spec: str) -> VersionSet | None:
    """Conda's version part: "=3.7", "==3.7.1", "3.7.*", ">=3.6,<3.9", "3.6|3.7", each with an optional build string."""
    if spec.count("|") + spec.count(",") > MAX_CLAUSES:
        return None
    try:
        union: VersionSet | None = None
        for alternative in spec.split("|"):
            both: VersionSet = ANY
            for clause in alternative.split(","):
                both &= _conda_clause(clause.strip())
            union = both if union is None else union | both
    except (ValueError, InvalidVersion):
        return None
    return union if union is None or "|" in spec or "," in spec else VersionSet(union.intervals, _plain(spec))


def _plain(spec: str) -> str:
    """The text of a single clause for people: "=3.7" is "3.7"."""
    if re.fullmatch(r"\s*[<>!~]=?\s*[\w.*]+\s*", spec):
        return re.sub(r"\s", "", spec)
    stripped = spec.strip().lstrip("=")
    return re.split(r"[=\s]", stripped)[0].removesuffix(".*").removesuffix("*") if stripped[:1].isdigit() else ""


def _conda_clause(clause: str) -> VersionSet:
    if clause in ("", "*"):
        return ANY
    match = re.fullmatch(r"(==|=|>=|<=|>|<|!=|~=)?\s*([^=\s]+)(?:[=\s]\S*)?", clause)
    if match is None:
        raise ValueError(clause)
    operator, version = match.group(1) or "", match.group(2)
    starred = version.endswith("*")
    version = version.rstrip("*").rstrip(".")
    if starred and not version and operator in ("", "=", "=="):
        return ANY
    if operator == "==" and not starred:
        return exactly(version)
    if operator in ("", "=", "=="):
        bare = operator == "" and not starred
        return exactly(version) if bare and version.count(".") >= 2 else prefix(version)
    return from_specifiers(f"{operator}{version}{'.*' if starred and operator == '!=' else ''}")


def pip_spec(word: Text) -> Spec | None:
    """A PEP 508 requirement, with holes where it is not known; None for a path, a URL without a name, or nonsense."""
    text = word.value.strip()
    if len(text) > MAX_WORD:
        named = _PIP_NAME.fullmatch(text[:MAX_WORD])
        return Spec(canonicalize_name(named.group(1)), None, None, "it is too long to be read") if named else None
    wheel = _WHEEL.search(text.partition("#")[0])
    if wheel is not None and not text.partition("@")[1]:
        return _wheel_spec(word, wheel)
    if "#egg=" in text:
        name = re.split(r"[&\[=<>!~]", text.partition("#egg=")[2])[0]
        return Spec(canonicalize_name(name), None, None, "it is installed from a URL") if name else None
    match = _PIP_NAME.fullmatch(text)
    if (
        match is None
        or text.startswith((".", "/"))
        or re.match(r"[\w+.-]+:/", text)
        or (text.endswith((".tar.gz", ".zip")) and not match.group(3).startswith("@"))
    ):
        return None
    if HOLE in match.group(1) or (HOLE in text and HOLE in (match.group(2) or "")):
        return None
    name = canonicalize_name(match.group(1))
    extras = frozenset(extra.strip().lower() for extra in (match.group(2) or "").split(",") if extra.strip())
    rest = match.group(3)
    start = word.value.find(rest) if rest else -1
    part = word.slice(start, start + len(rest)) if rest else None
    if HOLE in rest:
        in_name = rest.startswith(HOLE) and (rest[1:2] not in ("", "=", "<", ">") or match.group(1)[-1] in "-_.")
        return None if in_name else Spec(name, None, part, word.reason, extras)
    plain = PLAIN_REQUIREMENT.fullmatch(text)
    if plain is not None:
        specifiers = plain.group(1)
        return Spec(name, None, None) if specifiers is None else Spec(name, _written(specifiers, rest), part)
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        requirement = Requirement(text)
    except InvalidRequirement:
        return _lenient(name, rest, part, extras)
    marker = requirement.marker if requirement.marker is not None and _asks_for_python(requirement) else None
    applies = requirement.marker is None or marker is not None or requirement.marker.evaluate(dict(LINUX))
    if requirement.url:
        return Spec(name, None, part, "it is installed from a URL", extras, applies, marker)
    if not requirement.specifier:
        return Spec(name, None, None, "", extras, applies, marker)
    try:
        versions = _written(str(requirement.specifier), rest)
    except ValueError:  # ===, with something that has no place among versions
        return Spec(name, None, part, f"{rest!r} names no version that can be ordered", extras, applies, marker)
    return Spec(name, versions, part, "", extras, applies, marker)


def named_requirement(text: str) -> tuple[str, VersionSet]:
    """The name and versions of a plain requirement, as data files have them. Raises ValueError for another."""
    plain = PLAIN_REQUIREMENT.fullmatch(text)
    if plain is None:
        raise ValueError(f"{text!r} is no plain requirement, such as 'jinja2>=3.0,<3.1'")
    specifiers = plain.group(1) or ""
    name = text[: len(text) - len(specifiers)].strip()
    return name, from_specifiers(specifiers) if specifiers else ANY


def _written(specifiers: str, rest: str) -> VersionSet:
    """The versions of a requirement, with what people read: "1.2" for "==1.2", else as it was written."""
    written = re.sub(r"[\s()]", "", rest.partition(";")[0])
    single = re.fullmatch(r"={2,3}([\w.!+-]+?)(\.\*)?", written)
    return VersionSet(from_specifiers(specifiers).intervals, single.group(1) if single else written)


def canonicalize_name(name: str) -> str:
    """PEP 503's normal form of a package's name; packaging has it where an import costs ten milliseconds."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _wheel_spec(word: Text, wheel: re.Match[str]) -> Spec:
    """A wheel names its package and version."""
    version = wheel.group("version")
    start = word.value.index(wheel.group(0)) + wheel.start("version") - wheel.start()
    versions = None if HOLE in version else _exact_or_none(version)
    return Spec(canonicalize_name(wheel.group("name")), versions, word.slice(start, start + len(version)), word.reason)


def _lenient(name: str, rest: str, part: Text | None, extras: frozenset[str]) -> Spec | None:
    """Pip before 24 took versions that PEP 440 does not; their order is not known."""
    if re.match(r"(==|>=|<=|~=|!=|<|>)", rest):
        return Spec(name, None, part, f"{rest!r} is not a version specifier that pip accepts", extras)
    return None


LINUX = {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix", "platform_machine": "x86_64"}


def _asks_for_python(requirement: Requirement) -> bool:
    text = str(requirement.marker)
    return any(name in text for name in ("python_version", "python_full_version", "implementation", "extra"))


def _exact_or_none(version: str) -> VersionSet | None:
    try:
        return exactly(version)
    except InvalidVersion:
        return None
