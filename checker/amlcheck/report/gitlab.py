"""GitLab's code quality report: a list of what there is to do, each with a fingerprint that moved lines do not change."""

from __future__ import annotations

import json
from typing import Any

from amlcheck.model import Report, Severity
from amlcheck.report import paths
from amlcheck.report.entries import FILES, Entry, Kind, problems
from amlcheck.report.harmless import one_line

_SEVERITIES = {Severity.ERROR: "critical", Severity.WARNING: "minor", Severity.INFO: "info"}


def render(report: Report) -> str:
    """What there is to do, as GitLab's JSON."""
    named = paths.naming()
    return (
        json.dumps([_issue(entry, named) for entry in problems(report)], indent=2, ensure_ascii=False)
        .encode("utf-8", "replace")
        .decode()
        + "\n"
    )


def _issue(entry: Entry, named: paths.Naming) -> dict[str, Any]:
    fix = f"; fix: {entry.fix}" if entry.fix else ""
    return {
        "type": "issue",
        "description": one_line(f"{entry.told}{fix}"),
        "check_name": entry.rule,
        "categories": ["Compatibility"],
        "severity": _severity(entry),
        "fingerprint": entry.fingerprint,
        "location": _location(entry, named),
    }


def _severity(entry: Entry) -> str:
    """What is undecided weighs less than what is violated, and more than a warning where it counts."""
    if entry.kind is Kind.UNREADABLE:
        return "blocker"
    if entry.kind is Kind.UNDECIDED:
        return "major" if entry.counts else "info"
    return _SEVERITIES[entry.severity]


def _location(entry: Entry, named: paths.Naming) -> dict[str, Any]:
    location = entry.location
    if location is None:
        subject = entry.subject
        path = named(subject.subject) if subject.kind in FILES else subject.subject
        return {"path": path, "lines": {"begin": 1}}
    return {
        "path": named(location.path),
        "lines": {"begin": location.line, "end": max(location.line, location.end_line)},
    }
