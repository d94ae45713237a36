"""JSON, version 1: stable, documented in docs/json.md, described by schema.json."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from amlcheck import __version__
from amlcheck.fingerprint import fingerprinted
from amlcheck.judge import exit_code
from amlcheck.model import (
    Evidence,
    Fact,
    Finding,
    Judgement,
    Location,
    Repair,
    Report,
    SubjectReport,
    Verdict,
    Waiver,
    Witness,
)
from amlcheck.records import replace

if TYPE_CHECKING:
    from amlcheck.deployment.model import Deployment, Exchange, Failure, Load

SCHEMA = "amlcheck/1"
MAX_ANSWER = 4096
"""Characters of an answer's body."""
MAX_LINE = 4096
"""Characters of a source line."""
MAX_LINES = 2000
"""Source lines of one subject."""
MAX_SPAN = 20
"""Source lines of one place: a RUN may have thousands."""


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
        "tool": {"name": "amlcheck", "version": report.made_by or __version__},
        "profile": report.profile,
        "flavour": report.flavour or None,
        "fail_on": report.fail_on.label if report.fail_on is not None else "never",
        "allow_undecided": report.allow_undecided,
        "interrupted": report.interrupted,
        "notes": list(report.notes),
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
        "waived": sum(item.waiver is not None for subject in report.subjects for item in _items(subject)),
        "exit_code": int(exit_code(report)),
    }


def _items(subject: SubjectReport) -> list[Judgement | Finding]:
    return [*subject.judgements, *subject.findings]


def _subject(subject: SubjectReport) -> dict[str, Any]:
    prints = [fingerprint for _, fingerprint in fingerprinted(subject)]
    count = len(subject.judgements)
    data: dict[str, Any] = {
        "subject": subject.subject,
        "kind": subject.kind,
        "verdicts": [
            _judgement(judgement, fingerprint)
            for judgement, fingerprint in zip(subject.judgements, prints[:count], strict=True)
        ],
        "findings": [
            _finding(finding, fingerprint)
            for finding, fingerprint in zip(subject.findings, prints[count:], strict=True)
        ],
    }
    excerpts = _excerpts(subject)
    if excerpts:
        data["excerpts"] = excerpts
    if subject.about:
        data["about"] = subject.about
    if subject.notes:
        data["notes"] = list(subject.notes)
    if subject.deployment is not None:
        data["deployment"] = _deployment(subject.deployment)
    if subject.error:
        data["error"] = subject.error
    return data


def _excerpts(subject: SubjectReport) -> dict[str, dict[str, str]]:
    """The source lines that places point into, by file and number, so that a report can show them without the files."""
    found: dict[str, dict[int, str]] = {}
    texts: dict[str, list[str]] = {}
    left = MAX_LINES
    for place in _places(subject):
        if place.path not in subject.sources:
            continue
        if place.path not in texts:
            texts[place.path] = subject.sources[place.path].split("\n")
        lines, kept = texts[place.path], found.setdefault(place.path, {})
        last = min(max(place.end_line, place.line), place.line + MAX_SPAN - 1, len(lines))
        for number in range(place.line, last + 1):
            if number not in kept and left > 0:
                kept[number] = lines[number - 1].rstrip("\r")[:MAX_LINE]
                left -= 1
    return {path: {str(number): lines[number] for number in sorted(lines)} for path, lines in found.items() if lines}


def _places(subject: SubjectReport) -> Iterator[Location]:
    """Every place that the JSON of a subject has."""
    for item in _items(subject):
        if isinstance(item, Finding):
            chain: Iterable[Evidence] = item.related
            if item.location is not None:
                yield item.location
        else:
            chain = (evidence for witness in item.witnesses for evidence in witness.testimony.evidence)
        yield from (evidence.location for evidence in chain if evidence.location is not None)
        if item.waiver is not None and item.waiver.location is not None:
            yield item.waiver.location
        yield from (edit.location for edit in (item.repair.edits if item.repair is not None else ()))


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
        "detail": exchange.detail,
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
        "per_second": _seconds(replace(load, seconds=_seconds(load.seconds)).throughput),
        "curve_ms": [_seconds(value) for value in load.curve],
    }


def _seconds(value: float) -> float:
    """Times to the microsecond: more digits say nothing."""
    return round(value, 6)


def _judgement(judgement: Judgement, fingerprint: str) -> dict[str, Any]:
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
        "repair": _repair(judgement.repair),
        "waiver": _waiver(judgement.waiver),
        "fingerprint": fingerprint,
        "witnesses": [_witness(witness) for witness in judgement.witnesses],
    }


def _witness(witness: Witness) -> dict[str, Any]:
    testimony = witness.testimony
    return {
        "origin": witness.origin.value,
        "value": testimony.value.text if isinstance(testimony, Fact) else None,
        "unknown": None if isinstance(testimony, Fact) else testimony.reason,
        "note": testimony.note if isinstance(testimony, Fact) else "",
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


def _repair(repair: Repair | None) -> dict[str, Any] | None:
    if repair is None:
        return None
    return {
        "title": repair.title,
        "safe": repair.safe,
        "edits": [{**_location(edit.location), "text": edit.text} for edit in repair.edits],
    }


def _waiver(waiver: Waiver | None) -> dict[str, Any] | None:
    if waiver is None:
        return None
    return {
        "by": waiver.by,
        "reason": waiver.reason,
        "until": waiver.until or None,
        "location": _location(waiver.location) if waiver.location is not None else None,
    }


def _finding(finding: Finding, fingerprint: str) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "severity": finding.severity.label,
        "message": finding.message,
        "location": _location(finding.location) if finding.location is not None else None,
        "fix": finding.fix or None,
        "repair": _repair(finding.repair),
        "waiver": _waiver(finding.waiver),
        "fingerprint": fingerprint,
        "related": [_evidence(item) for item in finding.related],
    }
