"""Sets of versions: what is known of a component, and what a requirement accepts, in one algebra.

A set is a sorted tuple of disjoint intervals over `packaging` versions. The question a judge asks is then plain:
is what is known a subset of what is accepted (met), disjoint from it (violated), or neither (undecided)?
Agreement with `packaging.specifiers` is a property test.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property, lru_cache

from packaging.version import InvalidVersion, Version

from amlcheck.records import dataclass
from amlcheck.regex import regex

_POST_MAX = 10**12
_CUT_AFTER = 1
_CUT_BEFORE = -1

MAX_VERSION = 200
"""Characters of a version: Python refuses to read numbers of thousands of digits."""
MAX_CLAUSES = 200
"""Clauses of a specifier. Each costs as much as there are before it."""

Cut = tuple[Version, int]
"""A place between versions: just before (-1) or just after (+1) one."""


@dataclass(frozen=True)
class VersionSet:
    """A union of intervals; `None` as a bound is infinity.

    `text` is what people read: the specifier as it was written, or, for a computed set, one made from the intervals.
    """

    intervals: tuple[tuple[Cut | None, Cut | None], ...]
    written: str = ""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, VersionSet) and self.intervals == other.intervals

    def __hash__(self) -> int:
        return hash(self.intervals)

    @cached_property
    def text(self) -> str:
        """The set for people: "3.7", ">=3.6", ">=4.5,<4.9", "9.0 | 10.0"."""
        return self.written or " | ".join(_interval_text(low, high) for low, high in self.intervals) or "nothing"

    @property
    def is_empty(self) -> bool:
        return not self.intervals

    @property
    def is_any(self) -> bool:
        return self.intervals == ((None, None),)

    @property
    def lowest(self) -> Version | None:
        """The lower bound, or None where there is none."""
        low = self.intervals[0][0] if self.intervals else None
        return low[0] if low else None

    def __contains__(self, version: Version | str) -> bool:
        point = parsed(version) if isinstance(version, str) else version
        if point.local:
            point = Version(point.public)
        before, after = (point, _CUT_BEFORE), (point, _CUT_AFTER)
        return any((low is None or low < after) and (high is None or before < high) for low, high in self.intervals)

    def __and__(self, other: VersionSet) -> VersionSet:
        found = []
        for low, high in self.intervals:
            for other_low, other_high in other.intervals:
                start = _later_low(low, other_low)
                end = _earlier_high(high, other_high)
                if start is None or end is None or start < end:
                    found.append((start, end))
        return VersionSet(_normal(found))

    def __or__(self, other: VersionSet) -> VersionSet:
        return VersionSet(_normal([*self.intervals, *other.intervals]))

    def __invert__(self) -> VersionSet:
        gaps: list[tuple[Cut | None, Cut | None]] = []
        start: Cut | None = None
        for low, high in self.intervals:
            if low is not None:
                gaps.append((start, low))
            if high is None:
                return VersionSet(tuple(gaps))
            start = high
        gaps.append((start, None))
        return VersionSet(tuple(gaps))

    def __le__(self, other: VersionSet) -> bool:
        """Every version of this set is in the other."""
        return (self & ~other).is_empty

    def isdisjoint(self, other: VersionSet) -> bool:
        return (self & other).is_empty


ANY = VersionSet(((None, None),))
NOTHING = VersionSet(())


def parsed(text: str) -> Version:
    """A version. Raises InvalidVersion, also for one that is longer than any is."""
    if len(text) > MAX_VERSION:
        raise InvalidVersion(f"{text[:40]}… is too long for a version")
    return Version(text)


def exactly(version: str) -> VersionSet:
    """The one version. Raises InvalidVersion."""
    return VersionSet(_point(parsed(version)).intervals, written=version)


@lru_cache(maxsize=4096)
def prefix(version: str) -> VersionSet:
    """What a version stated to some precision means: "3.7" is every release 3.7.x, and "3.7" itself."""
    low = parsed(version)
    if low.is_prerelease or low.is_postrelease:
        return exactly(version)
    return VersionSet((((low, _CUT_BEFORE), (_next_prefix(low), _CUT_BEFORE)),), written=version)


@lru_cache(maxsize=4096)
def from_specifiers(text: str) -> VersionSet:
    """PEP 440 specifiers, with `|` for "or" and a bare version as a prefix: ">=3.6,<3.9", "==9.0.* | ==10.0.*", "3.7".

    Raises ValueError where the text is neither.
    """
    if text.count("|") + text.count(",") > MAX_CLAUSES:
        raise ValueError(f"{text[:40]}… has more than {MAX_CLAUSES} clauses")
    union = NOTHING
    for alternative in text.split("|"):
        wanted = alternative.strip()
        if re.fullmatch(r"[\d.]+", wanted):
            union |= prefix(wanted.strip("."))
            continue
        union |= _intersect(_clauses(wanted))
    return VersionSet(union.intervals, written=" | ".join(part.strip() for part in text.split("|")))


_VERSION = r"\d+(?:\.\d+)*(?:(?:a|b|rc)\d+|\.post\d+)?"
_CLAUSE = regex(rf"\s*(?:(>=|<=|>|<)\s*({_VERSION})|(==|!=)\s*({_VERSION}|\d+(?:\.\d+)*\.\*))\s*")
"""The plain form of a specifier; packaging reads all others, and is slow to import."""


def _clauses(text: str) -> list[tuple[str, str]]:
    """The operator and version of each specifier. Raises ValueError."""
    plain = [_CLAUSE.fullmatch(part) for part in text.split(",")]
    if all(plain):
        return [(match[1] or match[3], match[2] or match[4]) for match in plain if match is not None]
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        return [(specifier.operator, specifier.version) for specifier in SpecifierSet(text)]
    except InvalidSpecifier as error:
        raise ValueError(f"{text!r} is not a version specifier such as '>=3.6'") from error


def _intersect(clauses: Iterable[tuple[str, str]]) -> VersionSet:
    result = ANY
    for operator, version in clauses:
        result &= _one(operator, version)
    return result


def _one(operator: str, text: str) -> VersionSet:
    if operator == "===":
        try:
            return _point(parsed(text))
        except InvalidVersion as error:
            raise ValueError(f"'==={text}' names no version that can be ordered") from error
    if operator in ("==", "!="):
        if text.endswith(".*"):
            base = parsed(text[:-2])
            matched = VersionSet((((_dev0(base), _CUT_BEFORE), (_next_prefix(base), _CUT_BEFORE)),))
        else:
            matched = _point(parsed(text))
        return matched if operator == "==" else ~matched
    version = parsed(text)
    if operator == "~=":
        release = version.release[:-1]
        series = Version(f"{version.epoch}!" + ".".join(map(str, release)))
        same = VersionSet((((_dev0(series), _CUT_BEFORE), (_next_prefix(series), _CUT_BEFORE)),))
        return same & VersionSet((((version, _CUT_BEFORE), None),))
    if operator == ">=":
        return VersionSet((((version, _CUT_BEFORE), None),))
    if operator == "<=":
        return VersionSet(((None, (version, _CUT_AFTER)),))
    if operator == ">":
        # PEP 440: ">1.0" excludes 1.0.post1, unless the version given is itself a post-release.
        floor = version if version.is_postrelease or version.is_devrelease else _last_post(version)
        return VersionSet((((floor, _CUT_AFTER), None),))
    # PEP 440: "<1.0" excludes pre-releases of 1.0, unless the version given is itself one.
    ceiling = version if version.is_prerelease else _dev0(version)
    return VersionSet(((None, (ceiling, _CUT_BEFORE)),))


def _point(version: Version) -> VersionSet:
    return VersionSet((((version, _CUT_BEFORE), (version, _CUT_AFTER)),))


def _release(version: Version) -> str:
    return f"{version.epoch}!" + ".".join(map(str, version.release)) if version.epoch else version.base_version


def _dev0(version: Version) -> Version:
    if version.is_postrelease and not version.is_devrelease:
        return Version(f"{version.public}.dev0")
    return Version(f"{_release(version)}.dev0")


def _last_post(version: Version) -> Version:
    return Version(f"{version.public}.post{_POST_MAX}")


def _next_prefix(version: Version) -> Version:
    release = [*version.release[:-1], version.release[-1] + 1]
    return Version(f"{version.epoch}!" + ".".join(map(str, release)) + ".dev0")


def _later_low(first: Cut | None, second: Cut | None) -> Cut | None:
    return first if second is None else second if first is None else max(first, second)


def _earlier_high(first: Cut | None, second: Cut | None) -> Cut | None:
    return first if second is None else second if first is None else min(first, second)


def _normal(intervals: list[tuple[Cut | None, Cut | None]]) -> tuple[tuple[Cut | None, Cut | None], ...]:
    """Sorted and merged, so that equal sets are equal values."""
    merged: list[tuple[Cut | None, Cut | None]] = []
    for low, high in sorted(intervals, key=lambda pair: (pair[0] is not None, pair[0])):
        if merged:
            last_low, last_high = merged[-1]
            if last_high is None:
                break
            if low is None or low <= last_high:
                merged[-1] = (last_low, None if high is None else max(last_high, high))
                continue
        merged.append((low, high))
    return tuple(merged)


def _interval_text(low: Cut | None, high: Cut | None) -> str:
    if low is None and high is None:
        return "any version"
    if low is not None and high is not None:
        if low[0] == high[0]:
            return str(low[0])
        if high == (_next_prefix(low[0]), _CUT_BEFORE):
            return _bound_text(low[0])
    parts = []
    if low is not None:
        parts.append(f"{'>' if low[1] == _CUT_AFTER else '>='}{_bound_text(low[0])}")
    if high is not None:
        parts.append(f"{'<=' if high[1] == _CUT_AFTER else '<'}{_bound_text(high[0])}")
    return ",".join(parts)


def _bound_text(version: Version) -> str:
    """A bound without the technical suffix that PEP 440's ordering made necessary."""
    return version.base_version if version.dev == 0 or version.post == _POST_MAX else str(version)


_LOOSE = regex(r"(?:\d+:)?v?(\d+(?:\.\d+)*)((?:a|b|rc)\d+)?")


def loose(text: str) -> str | None:
    """The upstream version at the start of a packager's version: "1:2.25.1-1ubuntu3" is "2.25.1"; None if there is none."""
    match = _LOOSE.match(text.strip())
    if match is None or len(match.group()) > MAX_VERSION // 2:
        return None
    return match.group(1) + (match.group(2) or "")
