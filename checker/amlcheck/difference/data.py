"""A difference as JSON, version 1; described in docs/diff.md. Keys are only ever added."""

from __future__ import annotations

import json
from typing import Any

from amlcheck.difference import words
from amlcheck.difference.model import (
    Changed,
    Course,
    Difference,
    FindingChange,
    RequirementChange,
    SubjectDifference,
)
from amlcheck.model import Finding, Judgement
from amlcheck.report.harmless import in_json

SCHEMA = "amlcheck-diff/1"


def render(difference: Difference) -> str:
    """The difference as JSON text."""
    written = json.dumps(as_data(difference), indent=2, ensure_ascii=False)
    return in_json(written.encode("utf-8", "replace").decode()) + "\n"


def as_data(difference: Difference) -> dict[str, Any]:
    """The difference as plain data."""
    return {
        "schema": SCHEMA,
        "run": [_changed(change) for change in difference.run],
        "subjects": [_subject(subject) for subject in difference.changed],
        "summary": {
            **{course.value: difference.count(course) for course in Course},
            "unchanged": len(difference.subjects) - len(difference.changed),
        },
    }


def _subject(subject: SubjectDifference) -> dict[str, Any]:
    state = "added" if subject.old is None else "removed" if subject.new is None else "changed"
    return {
        "old": subject.old.subject if subject.old is not None else None,
        "new": subject.new.subject if subject.new is not None else None,
        "kind": subject.subject.kind,
        "state": state,
        "why": subject.why or None,
        "facts": [_changed(change) for change in subject.facts],
        "requirements": [_requirement(change) for change in subject.requirements],
        "findings": [_finding(change) for change in subject.findings],
        "deployment": [_changed(change) for change in subject.deployment],
        "notes": list(subject.limits),
    }


def _changed(change: Changed) -> dict[str, Any]:
    return {"what": change.what, "old": change.old, "new": change.new, "course": change.course.value}


def _requirement(change: RequirementChange) -> dict[str, Any]:
    return {
        "requirement": change.component,
        "course": change.course.value,
        "change": words.requirement(change),
        "old": _judgement(change.old),
        "new": _judgement(change.new),
    }


def _judgement(item: Judgement | None) -> dict[str, Any] | None:
    if item is None:
        return None
    return {
        "verdict": item.verdict.value,
        "severity": item.severity.label,
        "found": item.found,
        "expected": item.expected,
        "reason": item.reason,
        "waived": item.waiver is not None,
    }


def _finding(change: FindingChange) -> dict[str, Any]:
    item = change.finding
    return {
        "rule": item.rule,
        "course": change.course.value,
        "change": words.finding(change),
        "message": item.message,
        "fix": item.fix or None,
        "path": item.location.path if item.location is not None else None,
        "line": item.location.line if item.location is not None else None,
        "old": _state(change.old),
        "new": _state(change.new),
    }


def _state(item: Finding | None) -> dict[str, Any] | None:
    return None if item is None else {"severity": item.severity.label, "waived": item.waiver is not None}
