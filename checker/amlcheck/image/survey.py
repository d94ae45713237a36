"""From what a probe saw to one testimony: the installation that will be used, and what to say of the others.

A probe yields a `Sighting` for every source that speaks of an installation, or an `Unknown` for what it could not see.
Sightings of one installation must agree; those of several are told apart.
"""

from __future__ import annotations

from collections.abc import Iterable

from amlcheck.model import ABSENT, Chain, Evidence, Fact, Medium, Notice, Testimony, Unknown, Value
from amlcheck.records import dataclass, replace

CONTRADICTION = "AML402"
SEVERAL = "AML403"
_TRUST = {Medium.FILE: 0, Medium.CONFIG: 1, Medium.COMMAND: 2}
"""A file in the image, then the image's config, then what a program says (docs/azureml-facts.md, section 3)."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """One source's word on one installation of a component."""

    value: Value
    evidence: Chain
    """At least one; the first tells the source."""
    installation: str = ""
    """Where it is installed: a prefix or folder. Sightings with the same one speak of the same thing."""
    used: bool = True
    """Whether this is what programs of the image, and Azure ML, get: it is the one on PATH, or the only one there can be."""
    note: str = ""
    """As `Fact.note`: replaces the reason that the judge would give."""
    final: bool = False
    """As `Fact.final`."""


@dataclass(frozen=True)
class Conclusion:
    """What a survey comes to: the testimony, and notices by rule ID."""

    testimony: Testimony
    notices: tuple[tuple[str, Notice], ...] = ()


def conclude(component: str, seen: Iterable[Sighting | Unknown], searched: str) -> Conclusion:
    """One testimony from all that was seen. `searched` tells where a component that was not found was looked for."""
    sightings: list[Sighting] = []
    unknowns: list[Unknown] = []
    for item in seen:
        if isinstance(item, Unknown):
            unknowns.append(item)
        else:
            sightings.append(item)
    by_place: dict[str, list[Sighting]] = {}
    for sighting in sightings:
        by_place.setdefault(sighting.installation, []).append(sighting)
    notices: list[tuple[str, Notice]] = []
    merged = []
    for place, group in by_place.items():
        one, contradictions = _merge(component, place, group)
        merged.append(one)
        notices += [(CONTRADICTION, notice) for notice in contradictions]
    used = [one for one in merged if one.used]
    testimony = _testimony(component, merged, used, unknowns, searched)
    if len(merged) > 1:
        notices.append((SEVERAL, _several(component, merged)))
    return Conclusion(testimony, tuple(notices))


def _testimony(
    component: str, merged: list[Sighting], used: list[Sighting], unknowns: list[Unknown], searched: str
) -> Testimony:
    if not merged:
        if unknowns:
            return unknowns[0]
        return Fact(component, ABSENT, (Evidence(searched, note="searched, and not found"),))
    if not used:
        if unknowns:
            return unknowns[0]
        aside = merged[0]
        reason = f"{component} {aside.value.text} is in {aside.installation}, which nothing on PATH leads to"
        return Unknown(component, reason, aside.evidence)
    if len(used) == 1:
        return _fact(component, used[0])
    return _among(component, used)


def _among(component: str, used: list[Sighting]) -> Testimony:
    """Several installations of which any may be used: what holds for all of them is known."""
    values = {one.value for one in used}
    if len(values) == 1:
        return _fact(component, used[0])
    evidence = tuple(item for one in used for item in one.evidence)
    told = " and ".join(f"{one.value.text} in {one.installation}" for one in used)
    families = {one.value.family for one in used}
    if len(families) > 1 or any(not one.value.present or one.value.versions is None for one in used):
        return Unknown(component, f"there is {told}: which one a program gets is not certain", evidence)
    union = used[0].value.versions
    for one in used[1:]:
        assert union is not None
        assert one.value.versions is not None
        union |= one.value.versions
    return Fact(component, Value(True, used[0].value.family, union), evidence)


def _merge(component: str, place: str, group: list[Sighting]) -> tuple[Sighting, list[Notice]]:
    """What the sources say of one installation: the most trusted one's word, made more exact by those that agree."""
    ranked = sorted(group, key=_trust)
    chosen = next((one for one in ranked if one.value.versions is not None), ranked[0])
    value, evidence = chosen.value, list(chosen.evidence)
    notices = []
    for other in ranked:
        if other is chosen:
            continue
        agreed = _agreed(value, other.value)
        if agreed is None:
            notices.append(_contradiction(component, place, chosen, other))
            continue
        value = agreed
        evidence += [item for item in other.evidence if item not in evidence]
    used = any(one.used for one in group)
    return replace(chosen, value=value, evidence=tuple(evidence), used=used), notices


def _trust(sighting: Sighting) -> int:
    medium = sighting.evidence[0].medium
    return _TRUST[medium] if medium is not None else len(_TRUST)


def _agreed(mine: Value, theirs: Value) -> Value | None:
    """What two words on the same thing come to; None where they contradict each other."""
    if mine.present is not theirs.present:
        return None
    if mine.family and theirs.family and mine.family != theirs.family:
        return None
    family = mine.family or theirs.family
    if mine.versions is None or theirs.versions is None:
        return Value(mine.present, family, mine.versions if mine.versions is not None else theirs.versions)
    if mine.versions.isdisjoint(theirs.versions):
        return None
    closer = (
        theirs.versions if theirs.versions <= mine.versions and not mine.versions <= theirs.versions else mine.versions
    )
    return Value(True, family, closer)


def _contradiction(component: str, place: str, chosen: Sighting, other: Sighting) -> Notice:
    first, second = chosen.evidence[0], other.evidence[0]
    where = f" in {place}" if place else ""
    return Notice(
        f"{component}{where}: {first.place or first.note} says {chosen.value.text},"
        f" {second.place or second.note} says {other.value.text}",
        related=(first, second),
    )


def _several(component: str, merged: list[Sighting]) -> Notice:
    told = "; ".join(
        f"{one.value.text} in {one.installation or 'an unknown place'}{'' if one.used else ' (not what PATH leads to)'}"
        for one in merged
    )
    return Notice(f"{component} is there {len(merged)} times: {told}", related=tuple(one.evidence[0] for one in merged))


def _fact(component: str, one: Sighting) -> Fact:
    return Fact(component, one.value, one.evidence, one.note, one.final)
