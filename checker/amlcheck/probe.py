"""The live check of one image: every probe is asked, static witnesses are reconciled with live ones, the judge judges."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from amlcheck.catalog import Catalog
from amlcheck.image.image import Image
from amlcheck.judge import Circumstances, disagreement, in_order, is_gpu, judge
from amlcheck.lint import asked_of
from amlcheck.model import (
    COMPONENTS,
    Finding,
    Judgement,
    Notice,
    Origin,
    SubjectReport,
    Testimony,
    Witness,
)
from amlcheck.probing import Probes
from amlcheck.profiles import Profile
from amlcheck.records import dataclass, field, replace

if TYPE_CHECKING:
    from amlcheck.environment.judging import Supplied

DISAGREEMENT = "AML401"


@dataclass(frozen=True)
class ProbeOptions:
    """How images are judged, the same for all of a run."""

    profile: Profile
    circumstances: Circumstances = field(default_factory=Circumstances)


def probe_image(
    catalog: Catalog,
    probes: Probes,
    image: Image,
    options: ProbeOptions,
    static: SubjectReport | None = None,
    supplied: Supplied | None = None,
) -> SubjectReport:
    """Asks every probe of an opened image.

    `static` is the report on the Dockerfile that it is said to be built from, `supplied` what the environment on top of
    it brings.
    """
    others = _others(static, supplied)
    live: dict[str, Testimony] = {}
    told: list[tuple[str, Notice]] = []
    for component in COMPONENTS:
        conclusion = probes.ask(component, image)
        live[component] = conclusion.testimony
        told += conclusion.notices
    gpu = is_gpu([*(witness.testimony for witness in others.get("cuda", ())), live["cuda"]])
    judgements = []
    for component in COMPONENTS:
        witnesses = in_order([*others.get(component, ()), Witness(Origin.LIVE, live[component])])
        judgements.append(_judged(component, witnesses, catalog, options, gpu))
        told += [
            (DISAGREEMENT, notice)
            for notice in disagreement(component, asked_of(component, catalog, options.profile), witnesses)
        ]
    findings = [finding for identifier, notice in told for finding in _finding(catalog, options, identifier, notice)]
    findings += probes.look(image, catalog, options.profile.rules)
    about = {"source": image.source, "digest": image.digest, "platform": image.config.platform}
    return SubjectReport(
        subject=image.name,
        kind="image",
        judgements=tuple(judgements),
        findings=_together(findings, static.findings if static is not None else ()),
        sources={
            **(static.sources if static is not None else {}),
            **(supplied.sources if supplied is not None else {}),
        },
        about={key: value for key, value in about.items() if value},
        notes=(f"nothing was run in it: {image.cannot_run}",) if image.cannot_run else (),
    )


def rejudged(
    catalog: Catalog, report: SubjectReport, stronger: Mapping[str, Witness], options: ProbeOptions
) -> SubjectReport:
    """A report with one more witness for some components, whose word counts for more than that of those before."""
    witnesses = {
        item.component: in_order([*item.witnesses, *([stronger[item.component]] if item.component in stronger else [])])
        for item in report.judgements
    }
    gpu = is_gpu([witness.testimony for witness in witnesses.get("cuda", ())])
    judgements = tuple(_judged(component, found, catalog, options, gpu) for component, found in witnesses.items())
    return replace(report, judgements=judgements)


def _others(static: SubjectReport | None, supplied: Supplied | None) -> dict[str, list[Witness]]:
    """The witnesses beside the image, by component: its Dockerfile, and the environment on top of it."""
    found: dict[str, list[Witness]] = {}
    for item in static.judgements if static is not None else ():
        found[item.component] = list(item.witnesses)
    for component, testimony in (supplied.testimonies if supplied is not None else {}).items():
        found.setdefault(component, []).append(Witness(Origin.ENVIRONMENT, testimony))
    return found


def _judged(
    component: str, witnesses: Sequence[Witness], catalog: Catalog, options: ProbeOptions, gpu: bool | None
) -> Judgement:
    rule = catalog.requirements[component]
    requirement = asked_of(component, catalog, options.profile)
    expected = requirement.expected if requirement is not None else ""
    fix = rule.fix.replace("{expected}", expected)
    return judge(component, requirement, witnesses, options.circumstances, gpu, fix=fix, rule=rule.id)


def _finding(catalog: Catalog, options: ProbeOptions, identifier: str, notice: Notice) -> list[Finding]:
    rule = catalog.rule(identifier)
    assert rule is not None
    severity = options.profile.rules.get(identifier, rule.severity if rule.on else None)
    if severity is None:
        return []
    return [Finding(identifier, severity, notice.message, notice.location, notice.fix or rule.fix, notice.related)]


def _together(live: Sequence[Finding], static: Sequence[Finding]) -> tuple[Finding, ...]:
    """The findings of both; where both say the same, the Dockerfile's, which has a place to go to."""
    said = {finding.rule for finding in static}
    return (*static, *(finding for finding in live if finding.rule not in said))


def unreadable(name: str, reason: str) -> SubjectReport:
    """The report on an image that could not be opened at all."""
    return SubjectReport(name, "image", error=reason)
