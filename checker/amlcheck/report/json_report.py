"""JSON, version 1: stable, documented in docs/json.md, described by schema.json."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from amlcheck import __version__
from amlcheck.deployment.model import Deployment, Exchange, Failure, Load
from amlcheck.judge import exit_code
from amlcheck.model import Evidence, Fact, Finding, Judgement, Location, Report, SubjectReport, Verdict, Witness

SCHEMA = "amlcheck/1"
MAX_ANSWER = 4096
"""Characters of an answer's body."""


def render(report: Report) -> str:
    """The report as JSON text."""
    return json.dumps(as_data(report), indent=2, ensure_ascii=False).encode("utf-8", "replace").decode() + "\n"


def schema() -> dict[str, Any]:
    """The JSON Schema of the format."""
    found: dict[str, Any] = json.loads((Path(__file__).parent / "schema.json").read_text(encoding="utf-8"))
    return found


def as_data(report: Report) -> dict[str, Any]:
    """The report as plain data."""
    return {
        "schema": SCHEMA,
        "tool": {"name": "amlcheck", "version": __version__},
        "profile": report.profile,
        "flavour": report.flavour or None,
        "subjects": [_subject(subject) for subject in report.subjects],
        "summary": _summary(report),
    }


def _summary(report: Report) -> dict[str, Any]:
    verdicts = Counter(judgement.verdict for subject in report.subjects for judgement in subject.judgements)
    findings = Counter(finding.severity.label for subject in report.subjects for finding in subject.findings)
    return {
        "subjects": len(report.subjects),
        **{verdict.value: verdicts[verdict] for verdict in Verdict},
        "findings": {label: findings[label] for label in ("error", "warning", "info")},
        "errors": sum(bool(subject.error) for subject in report.subjects),
        "exit_code": int(exit_code(report)),
    }


def _subject(subject: SubjectReport) -> dict[str, Any]:
    data: dict[str, Any] = {
        "subject": subject.subject,
        "kind": subject.kind,
        "verdicts": [_judgement(judgement) for judgement in subject.judgements],
        "findings": [_finding(finding) for finding in subject.findings],
    }
    if subject.about:
        data["about"] = subject.about
    if subject.notes:
        data["notes"] = list(subject.notes)
    if subject.deployment is not None:
        data["deployment"] = _deployment(subject.deployment)
    if subject.error:
        data["error"] = subject.error
    return data


def _deployment(deployment: Deployment) -> dict[str, Any]:
    load, failure, ending = deployment.load, deployment.failure, deployment.ending
    return {
        "mode": deployment.mode,
        "why": deployment.why_mode,
        "server": deployment.server or None,
        "stages": [
            {"stage": item.stage.value, "at": _seconds(item.at), "seconds": _seconds(item.seconds), "note": item.note}
            for item in deployment.stages
        ],
        "exchanges": [_exchange(item) for item in deployment.exchanges],
        "failure": _failure(failure) if failure is not None else None,
        "load": _load(load) if load is not None else None,
        "ending": {"exit_code": ending.exit_code, "out_of_memory": ending.out_of_memory}
        if ending is not None
        else None,
        "kept": dict(deployment.kept),
    }


def _exchange(exchange: Exchange) -> dict[str, Any]:
    answer = exchange.answer
    return {
        "request": exchange.request.name,
        "method": exchange.request.method,
        "path": exchange.request.path,
        "outcome": exchange.outcome.value,
        "status": answer.status if answer is not None else None,
        "seconds": _seconds(exchange.seconds),
        "answer": answer.text[:MAX_ANSWER] if answer is not None else None,
        "expected": exchange.expected,
        "differences": list(exchange.differences),
        "bad": exchange.bad,
    }


def _failure(failure: Failure) -> dict[str, Any]:
    return {
        "kind": failure.kind,
        "stage": failure.stage.value,
        "at": _seconds(failure.at),
        "cause": failure.cause,
        "remedy": failure.remedy,
        "source": failure.source,
        "evidence": [_evidence(item) for item in failure.evidence],
        "log": list(failure.log),
    }


def _load(load: Load) -> dict[str, Any]:
    return {
        "requests": load.requests,
        "concurrency": load.concurrency,
        "failed": load.failed,
        "seconds": _seconds(load.seconds),
        "p50_ms": _seconds(load.p50),
        "p95_ms": _seconds(load.p95),
        "p99_ms": _seconds(load.p99),
        "per_second": _seconds(load.throughput),
        "curve_ms": [_seconds(value) for value in load.curve],
    }


def _seconds(value: float) -> float:
    """Times to the microsecond: more digits say nothing."""
    return round(value, 6)


def _judgement(judgement: Judgement) -> dict[str, Any]:
    return {
        "requirement": judgement.component,
        "verdict": judgement.verdict.value,
        "severity": judgement.severity.label,
        "rule": judgement.rule,
        "expected": judgement.expected,
        "found": judgement.found,
        "reason": judgement.reason,
        "source": judgement.source,
        "fix": judgement.fix or None,
        "witnesses": [_witness(witness) for witness in judgement.witnesses],
    }


def _witness(witness: Witness) -> dict[str, Any]:
    testimony = witness.testimony
    return {
        "origin": witness.origin.value,
        "value": testimony.value.text if isinstance(testimony, Fact) else None,
        "unknown": None if isinstance(testimony, Fact) else testimony.reason,
        "evidence": [_evidence(item) for item in testimony.evidence],
    }


def _evidence(item: Evidence) -> dict[str, Any]:
    data = {**_location(item.location), "text": item.text, "note": item.note}
    if item.medium is not None:
        data["image"] = {"in": item.medium.value, "place": item.place}
    return data


def _location(location: Location | None) -> dict[str, Any]:
    if location is None:
        return {"path": None, "line": None, "column": None, "end_line": None, "end_column": None}
    return {
        "path": location.path,
        "line": location.line,
        "column": location.column,
        "end_line": location.end_line,
        "end_column": location.end_column,
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "severity": finding.severity.label,
        "message": finding.message,
        "location": _location(finding.location) if finding.location is not None else None,
        "fix": finding.fix or None,
        "related": [_evidence(item) for item in finding.related],
    }
