"""What a test deployment says of requirements, and the report on it."""

from __future__ import annotations

from collections.abc import Iterator

from amlcheck.catalog import Catalog
from amlcheck.deployment.model import Deployment, Exchange, Stage
from amlcheck.judge import Circumstances, judge
from amlcheck.lint import asked_of
from amlcheck.model import (
    ABSENT,
    PRESENT,
    Evidence,
    Fact,
    Finding,
    Notice,
    Origin,
    SubjectReport,
    Testimony,
    Witness,
    in_exchange,
    version,
)
from amlcheck.profiles import Profile
from amlcheck.regex import regex

FAILED = "AML501"
NOT_CLEAN = "AML502"
SERVER = "inference-server"
_VERSION = regex(r"azmlinfsrv/(\d+(?:\.\d+)+)")
_NO_SERVER = ("server-missing", "broken-combination", "old-gunicorn", "server-cannot-start")
"""Failures that say that the image has no server that could be started."""


def testimonies(deployment: Deployment) -> dict[str, Testimony]:
    """What the deployment shows of components, stronger than any file: a server that answered is there and works."""
    failure = deployment.failure
    if failure is not None and failure.kind in _NO_SERVER:
        evidence = failure.evidence or (Evidence(failure.cause, note="test deployment"),)
        return {SERVER: Fact(SERVER, ABSENT, evidence, failure.cause, final=failure.kind != "server-missing")}
    served = deployment.mode != "own-container" and any(item.stage is Stage.LIVE for item in deployment.stages)
    if not served:
        return {}
    found = _VERSION.match(deployment.server)
    said = f"200, x-ms-server-version: {deployment.server}" if deployment.server else "200"
    evidence = (in_exchange("GET /", said),)
    return {SERVER: Fact(SERVER, version(found[1]) if found else PRESENT, evidence)}


def witnesses(deployment: Deployment) -> dict[str, Witness]:
    """The same as witnesses, to stand beside those of the Dockerfile and the probes."""
    return {component: Witness(Origin.SCORED, item) for component, item in testimonies(deployment).items()}


def subject(
    deployment: Deployment, catalog: Catalog, profile: Profile, circumstances: Circumstances | None = None
) -> SubjectReport:
    """The report on a deployment: what it says of requirements, and its failure as a finding."""
    judgements = []
    for component, witness in witnesses(deployment).items():
        rule = catalog.requirements[component]
        requirement = asked_of(component, catalog, profile)
        fix = rule.fix.replace("{expected}", requirement.expected if requirement is not None else "")
        judgements.append(
            judge(component, requirement, (witness,), circumstances or Circumstances(), None, fix=fix, rule=rule.id)
        )
    return SubjectReport(
        subject=deployment.image,
        kind="deployment",
        judgements=tuple(judgements),
        findings=tuple(findings(deployment, catalog, profile)),
        about={"source": "the engine", **({"digest": deployment.digest} if deployment.digest else {})},
        notes=deployment.notes,
        deployment=deployment,
    )


def findings(deployment: Deployment, catalog: Catalog, profile: Profile) -> Iterator[Finding]:
    """The failure, and what is wrong beside it."""
    failure = deployment.failure
    if failure is not None:
        message = f"not {failure.stage.value} ({failure.kind}): {failure.cause}"
        yield from _finding(catalog, profile, FAILED, Notice(message, fix=failure.remedy, related=failure.evidence))
        return
    ending = deployment.ending
    if ending is not None and ending.exit_code not in (0, 128 + 15):
        yield from _finding(
            catalog, profile, NOT_CLEAN, Notice(f"SIGTERM did not end it well: its exit code is {ending.exit_code}")
        )


def _finding(catalog: Catalog, profile: Profile, identifier: str, notice: Notice) -> Iterator[Finding]:
    rule = catalog.rule(identifier)
    assert rule is not None
    severity = profile.rules.get(identifier, rule.severity if rule.on else None)
    if severity is not None:
        yield Finding(identifier, severity, notice.message, notice.location, notice.fix or rule.fix, notice.related)


def told_exchange(exchange: Exchange) -> str:
    """An exchange in one line."""
    if exchange.answer is None:
        return exchange.detail or exchange.outcome.value
    text = " ".join(exchange.answer.text.split())
    return f"{exchange.answer.status} {text}".rstrip()
