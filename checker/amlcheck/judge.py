"""The only place where a verdict is made.

All witnesses meet the same acceptance test, `Requirement.compare`. Scored outranks live, live outranks static;
a stronger witness that could not tell (a probe that failed) is not overruled by a weaker one that says "met":
what the Dockerfile promises is then unconfirmed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from amlcheck.exits import Exit
from amlcheck.model import (
    Fact,
    Finding,
    Judgement,
    Notice,
    Origin,
    Report,
    Requirement,
    Severity,
    Testimony,
    Unknown,
    Value,
    Verdict,
    When,
    Witness,
)
from amlcheck.records import dataclass

_RANK = {Origin.STATIC: 0, Origin.LIVE: 1, Origin.ENVIRONMENT: 2, Origin.SCORED: 3}
_MET = {
    Origin.STATIC: "as far as the Dockerfile tells",
    Origin.LIVE: "found in the image",
    Origin.SCORED: "found in the image",
    Origin.ENVIRONMENT: "the environment on top of the image brings it",
}


def in_order(witnesses: Iterable[Witness]) -> list[Witness]:
    """From the weakest to the strongest, as reports have them."""
    return sorted(witnesses, key=lambda witness: _RANK[witness.origin])


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What is known of the deployment beside the image."""

    datasets: bool = False
    """Datasets are mounted or downloaded."""
    user_managed: bool = False
    """Azure ML builds no environment on top: what the image lacks, nothing supplies."""


def judge(
    component: str,
    requirement: Requirement | None,
    witnesses: Sequence[Witness],
    circumstances: Circumstances,
    gpu: bool | None,
    fix: str = "",
    rule: str = "",
) -> Judgement:
    """The verdict on one component.

    `requirement` is None where the profile asks nothing; `gpu` tells whether the image has CUDA, None if that is unknown.
    """
    ranked = sorted(witnesses, key=lambda witness: _RANK[witness.origin], reverse=True)
    strongest = ranked[0].testimony if ranked else None
    facts = [witness.testimony for witness in ranked if isinstance(witness.testimony, Fact)]
    found = facts[0].value.text if facts else None
    if facts and facts[0].fix:
        fix = facts[0].fix.replace("{expected}", requirement.expected if requirement is not None else "")

    accepted = bool(facts) and requirement is not None and requirement.compare(facts[0].value) is True

    def conclude(verdict: Verdict, reason: str) -> Judgement:
        return Judgement(
            component=component,
            verdict=verdict,
            expected=requirement.expected if requirement else None,
            found=found,
            reason=reason,
            witnesses=tuple(witnesses),
            severity=requirement.severity if requirement else Severity.INFO,
            source=requirement.source if requirement else "",
            fix=fix if verdict is Verdict.VIOLATED or (verdict is Verdict.UNDECIDED and facts and not accepted) else "",
            rule=rule,
        )

    if requirement is None:
        return conclude(Verdict.NOT_APPLICABLE, "this profile asks nothing of it")
    if requirement.when is When.NEVER:
        return conclude(Verdict.NOT_APPLICABLE, f"{requirement.asked_by or 'this profile'} asks nothing of it")
    if requirement.when is When.DATASETS and not circumstances.datasets:
        return conclude(Verdict.NOT_APPLICABLE, "needed only where datasets are mounted (--datasets)")
    if requirement.when is When.GPU:
        if gpu is False:
            return conclude(Verdict.NOT_APPLICABLE, "not a GPU image: it has no CUDA")
        if gpu is None:
            return conclude(Verdict.UNDECIDED, "asked of GPU images only, and whether this is one is not known")
    if strongest is None:
        return conclude(Verdict.UNDECIDED, "nothing testified to it")
    if isinstance(strongest, Unknown) and ranked[0].origin is Origin.ENVIRONMENT:
        return conclude(Verdict.UNDECIDED, strongest.reason)  # what the image has is not what runs
    if isinstance(strongest, Unknown):
        return conclude(*_without_strongest(requirement, strongest, facts, circumstances))
    return conclude(*_by_fact(requirement, strongest, ranked[0].origin, circumstances))


def _by_fact(requirement: Requirement, fact: Fact, origin: Origin, circumstances: Circumstances) -> tuple[Verdict, str]:
    supplied = requirement.absent_is_undecided and not circumstances.user_managed and not fact.final
    if not fact.value.present and supplied:
        reason = "not in the image: the Azure ML environment must list it (--user-managed if there is none)"
        return Verdict.UNDECIDED, f"{fact.note}; {reason}" if fact.note else reason
    accepted = requirement.compare(fact.value)
    if accepted is None:
        return Verdict.UNDECIDED, fact.note or (
            f"{fact.value.text} may or may not be {requirement.expected}: state the version more exactly"
        )
    verdict = Verdict.MET if accepted else Verdict.VIOLATED
    if fact.note:
        return verdict, fact.note
    if accepted:
        return verdict, _MET[origin]
    if not fact.value.present:
        where = "environment" if origin is Origin.ENVIRONMENT else "image"
        return verdict, f"{requirement.component} is not in the {where}"
    return verdict, f"{fact.value.text} is not {requirement.expected}"


def _without_strongest(
    requirement: Requirement, strongest: Unknown, facts: Sequence[Fact], circumstances: Circumstances
) -> tuple[Verdict, str]:
    """The best witness could not tell: a weaker one may still convict, but it cannot acquit."""
    for fact in facts:
        verdict, reason = _by_fact(requirement, fact, Origin.STATIC, circumstances)
        if verdict is Verdict.VIOLATED:
            return verdict, reason
    return Verdict.UNDECIDED, strongest.reason


def disagreement(component: str, requirement: Requirement | None, witnesses: Sequence[Witness]) -> list[Notice]:
    """What to say where the Dockerfile and the image give different answers, or values that exclude each other."""
    facts = {witness.origin: witness.testimony for witness in witnesses if isinstance(witness.testimony, Fact)}
    promised, found = facts.get(Origin.STATIC), facts.get(Origin.LIVE)
    if promised is None or found is None:
        return []
    answers = [requirement.compare(fact.value) if requirement is not None else None for fact in (promised, found)]
    opposite = None not in answers and answers[0] is not answers[1]
    if not opposite and not exclude(promised.value, found.value):
        return []
    has = found.value.text if found.value.present else "none"
    message = f"{component}: the Dockerfile says {promised.value.text}, the image has {has}"
    place = next((item.location for item in promised.evidence if item.location is not None), None)
    return [Notice(message, place, related=(*promised.evidence, *found.evidence))]


def exclude(mine: Value, theirs: Value) -> bool:
    """Whether two values cannot both be true."""
    if mine.present is not theirs.present:
        return True
    if mine.family and theirs.family and mine.family != theirs.family:
        return True
    return mine.versions is not None and theirs.versions is not None and mine.versions.isdisjoint(theirs.versions)


def is_gpu(witnesses: Iterable[Testimony]) -> bool | None:
    """Whether an image is a GPU image, from what testifies to CUDA; the last witness that knows decides."""
    for testimony in reversed(list(witnesses)):
        if isinstance(testimony, Fact):
            return testimony.value.present
    return None


def exit_code(report: Report) -> Exit:
    """What a whole run tells its caller: that it was ended early, then error before violation before undecided."""
    if report.interrupted:
        return Exit.INTERRUPTED
    if any(subject.error for subject in report.subjects):
        return Exit.ERROR
    judgements = [judgement for subject in report.subjects for judgement in subject.judgements]
    findings = [finding for subject in report.subjects for finding in subject.findings]
    items: list[Judgement | Finding] = [*judgements, *findings]
    if any(fails(report, item) for item in items):
        return Exit.VIOLATED
    undecided = any(judgement.verdict is Verdict.UNDECIDED and counts(report, judgement) for judgement in judgements)
    return Exit.UNDECIDED if undecided and not report.allow_undecided else Exit.MET


def fails(report: Report, item: Judgement | Finding) -> bool:
    """Whether one item alone makes the run fail."""
    violated = isinstance(item, Finding) or item.verdict is Verdict.VIOLATED
    return violated and counts(report, item)


def counts(report: Report, item: Judgement | Finding) -> bool:
    """Whether one item is grave enough to bear on the exit code, and not waived."""
    return report.fail_on is not None and item.severity >= report.fail_on and item.waiver is None
