"""SARIF 2.1.0 (OASIS), for GitHub code scanning and other readers: what there is to do, with rules, places, chains and fixes.

GitHub shows every result as an alert, whatever its kind and its suppressions say, so this is the list of what is open:
violations and findings (kind "fail"), and what is undecided (kind "open") unless --allow-undecided accepts that. Everything
else, what is met, what does not apply and what was waived, stands in `sarif-full`. docs/ci.md has the details.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from amlcheck import __version__
from amlcheck.judge import exit_code
from amlcheck.model import Evidence, Finding, Judgement, Location, Repair, Report, SubjectReport, Waiver
from amlcheck.report import paths, sarif_rules
from amlcheck.report.entries import (
    FILES,
    UNREADABLE,
    Entry,
    Kind,
    entries,
    evidence_line,
    in_image,
)
from amlcheck.report.harmless import lines, one_line

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
BASE = "%SRCROOT%"
FINGERPRINT = "amlcheck/v1"
MAX_LOCATIONS = 100
"""Of one result: GitHub shows no more."""

_KINDS = {
    Kind.MET: "pass",
    Kind.VIOLATED: "fail",
    Kind.UNDECIDED: "open",
    Kind.NOT_APPLICABLE: "notApplicable",
    Kind.FINDING: "fail",
}


def render(report: Report) -> str:
    """What is open, as SARIF."""
    shown = [entry for entry in entries(report) if entry.is_problem and not _accepted(report, entry)]
    return as_text(report, shown)


def as_text(report: Report, shown: Iterable[Entry]) -> str:
    """SARIF with results for these entries; what could not be read is a notification."""
    data = _Log(report, list(shown)).data()
    return json.dumps(data, indent=2, ensure_ascii=False).encode("utf-8", "replace").decode() + "\n"


def _accepted(report: Report, entry: Entry) -> bool:
    return entry.kind is Kind.UNDECIDED and report.allow_undecided


class _Log:
    """One report on its way to SARIF: the root that paths are relative to, and the index of each rule and file."""

    def __init__(self, report: Report, shown: list[Entry]) -> None:
        self._report = report
        self._named = paths.naming()
        everything = list(entries(report))
        self._rules = sarif_rules.descriptors(entry for entry in everything if entry.rule != UNREADABLE)
        self._index = {rule["id"]: index for index, rule in enumerate(self._rules)}
        self._results = [entry for entry in shown if entry.kind is not Kind.UNREADABLE]
        self._unreadable = [entry for entry in everything if entry.kind is Kind.UNREADABLE]

    def data(self) -> dict[str, Any]:
        """The whole log file."""
        driver = {
            "name": "amlcheck",
            "version": __version__,
            "semanticVersion": __version__,
            "shortDescription": {"text": "Whether a custom Docker image can be used on Azure Machine Learning."},
            "rules": self._rules,
            "notifications": sarif_rules.NOTIFICATIONS,
        }
        run: dict[str, Any] = {
            "tool": {"driver": driver},
            "invocations": [self._invocation()],
            "originalUriBaseIds": {BASE: {"description": {"text": "The root of the repository that was checked."}}},
            "artifacts": [self._artifact(subject) for subject in self._report.subjects],
            "results": [self._result(entry) for entry in self._results],
            "columnKind": "unicodeCodePoints",
            "defaultEncoding": "utf-8",
            "newlineSequences": ["\r\n", "\n"],
            "language": "en",
            "properties": {"profile": self._report.profile, "flavour": self._report.flavour or None},
        }
        return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}

    def _invocation(self) -> dict[str, Any]:
        code = exit_code(self._report)
        told = [self._notification(entry.subject, UNREADABLE, "error", entry.message) for entry in self._unreadable]
        told += [self._notification(None, sarif_rules.NOTE, "note", note) for note in self._report.notes]
        for subject in self._report.subjects:
            told += [self._notification(subject, sarif_rules.NOTE, "note", note) for note in subject.notes]
        return {
            "executionSuccessful": not self._unreadable,
            "exitCode": int(code),
            "exitCodeDescription": sarif_rules.EXITS[code],
            "toolExecutionNotifications": told,
        }

    def _notification(self, subject: SubjectReport | None, name: str, level: str, message: str) -> dict[str, Any]:
        index = [item["id"] for item in sarif_rules.NOTIFICATIONS].index(name)
        told = {"descriptor": {"id": name, "index": index}, "level": level, "message": {"text": _message(message)}}
        return told if subject is None else {**told, "locations": [self._of_subject(subject)]}

    def _artifact(self, subject: SubjectReport) -> dict[str, Any]:
        artifact: dict[str, Any] = {"location": self._place(subject), "roles": ["analysisTarget"]}
        if subject.kind == "dockerfile":
            artifact["sourceLanguage"] = "dockerfile"
        return artifact

    def _result(self, entry: Entry) -> dict[str, Any]:
        kind = _KINDS[entry.kind]
        message = entry.told + (f"; fix: {entry.fix}" if entry.fix and kind in ("fail", "open") else "")
        result: dict[str, Any] = {
            "ruleId": entry.rule,
            "ruleIndex": self._index[entry.rule],
            "kind": kind,
            "level": sarif_rules.LEVELS[entry.severity] if kind == "fail" else "none",
            "message": {"text": _message(message)},
            "locations": [self._main(entry)],
            "partialFingerprints": {FINGERPRINT: entry.fingerprint},
        }
        related = self._related(entry)
        if related:
            result["relatedLocations"] = related
        flow = [item for item in entry.chain if item.location is not None]
        if len(flow) > 1 and isinstance(entry.item, Judgement):
            result["codeFlows"] = [
                {"threadFlows": [{"locations": [self._step(item) for item in flow[:MAX_LOCATIONS]]}]}
            ]
        if entry.repair is not None:
            result["fixes"] = [self._fix(entry.repair)]
        if entry.waiver is not None:
            result["suppressions"] = [self._suppression(entry.waiver)]
        result["properties"] = _properties(entry)
        return result

    def _main(self, entry: Entry) -> dict[str, Any]:
        """Every result has a place in a file, as GitHub demands; what is about an image, a logical one too."""
        if entry.location is None:
            location = self._of_subject(entry.subject)
        else:
            location = {"physicalLocation": self._physical(entry.location, entry.subject)}
        if entry.subject.kind not in FILES:
            location["logicalLocations"] = _logical(entry)
        return location

    def _of_subject(self, subject: SubjectReport) -> dict[str, Any]:
        physical: dict[str, Any] = {"artifactLocation": self._place(subject), "region": {"startLine": 1}}
        return {"physicalLocation": physical}

    def _place(self, subject: SubjectReport) -> dict[str, Any]:
        return self._artifact_of(subject.subject) if subject.kind in FILES else {"uri": paths.uri(subject.subject)}

    def _artifact_of(self, path: str) -> dict[str, Any]:
        name = self._named(path)
        if name == paths.STANDARD_INPUT:
            return {"uri": "stdin"}
        return {"uri": paths.uri(name)} if paths.is_outside(name) else {"uri": paths.uri(name), "uriBaseId": BASE}

    def _physical(self, location: Location, subject: SubjectReport, text: str = "") -> dict[str, Any]:
        region = _region(location)
        words = text or _words(location, subject)
        if words:
            region["snippet"] = {"text": words}
        return {"artifactLocation": self._artifact_of(location.path), "region": region}

    def _related(self, entry: Entry) -> list[dict[str, Any]]:
        related: list[dict[str, Any]] = []
        for item in entry.chain[: MAX_LOCATIONS - 1]:
            if item.location is not None and item.location != entry.location:
                physical = self._physical(item.location, entry.subject)
                related.append({"id": len(related), "physicalLocation": physical, "message": _told(item)})
        return related

    def _step(self, item: Evidence) -> dict[str, Any]:
        assert item.location is not None
        physical = {"artifactLocation": self._artifact_of(item.location.path), "region": _region(item.location)}
        return {"location": {"physicalLocation": physical, "message": _told(item)}}

    def _fix(self, repair: Repair) -> dict[str, Any]:
        changes: dict[str, list[dict[str, Any]]] = {}
        for edit in repair.edits:
            replacement: dict[str, Any] = {"deletedRegion": _region(edit.location)}
            if edit.text:
                replacement["insertedContent"] = {"text": edit.text}
            changes.setdefault(edit.location.path, []).append(replacement)
        return {
            "description": {"text": _message(repair.title)},
            "artifactChanges": [
                {"artifactLocation": self._artifact_of(path), "replacements": replacements}
                for path, replacements in changes.items()
            ],
        }

    def _suppression(self, waiver: Waiver) -> dict[str, Any]:
        until = f" (until {waiver.until})" if waiver.until else ""
        suppression: dict[str, Any] = {
            "kind": "inSource" if waiver.by == "ignore" else "external",
            "status": "accepted",
            "justification": one_line(waiver.reason) + until,
        }
        if waiver.location is not None:
            physical = {"artifactLocation": self._artifact_of(waiver.location.path), "region": _region(waiver.location)}
            suppression["location"] = {"physicalLocation": physical}
        return suppression


def _region(location: Location) -> dict[str, Any]:
    return {
        "startLine": location.line,
        "startColumn": location.column,
        "endLine": max(location.end_line, location.line),
        "endColumn": location.end_column,
    }


def _words(location: Location, subject: SubjectReport) -> str:
    """The words that a location names, as they stand in the file."""
    text = subject.sources.get(location.path)
    if text is None:
        return ""
    lines = text.split("\n")[location.line - 1 : location.end_line]
    if not lines:
        return ""
    lines[-1] = lines[-1][: location.end_column - 1]
    lines[0] = lines[0][location.column - 1 :]
    return "\n".join(lines)


def _logical(entry: Entry) -> list[dict[str, Any]]:
    """The image, and where in it the first piece of evidence was found."""
    name = one_line(entry.subject.subject)
    found: list[dict[str, Any]] = [{"name": name, "fullyQualifiedName": name, "kind": entry.subject.kind}]
    for item in entry.chain:
        if item.medium is not None:
            place = one_line(in_image(item))
            found.append({"name": place, "fullyQualifiedName": f"{name}!{place}", "kind": item.medium.value})
            break
    return found


def _told(item: Evidence) -> dict[str, str]:
    """What a piece of evidence is: its note, else its words."""
    return {"text": _message(one_line(item.note or item.text) or "see here")}


def _message(text: str) -> str:
    """A message in which nothing becomes a link: in SARIF `[words](target)` is one."""
    return lines(text).replace("](", "] (")


def _properties(entry: Entry) -> dict[str, Any]:
    """What SARIF has no place for."""
    properties: dict[str, Any] = {"subject": entry.subject.subject, "kind": entry.subject.kind}
    if isinstance(entry.item, Judgement):
        properties["requirement"] = entry.item.component
        properties["found"] = entry.item.found
        properties["expected"] = entry.item.expected
        properties["source"] = entry.source
    evidence = [evidence_line(item) for item in entry.chain if item.location is None]
    if evidence:
        properties["evidence"] = evidence[:MAX_LOCATIONS]
    if entry.repair is not None:
        properties["safeFix"] = entry.repair.safe
    if isinstance(entry.item, Finding) or entry.kind in (Kind.VIOLATED, Kind.UNDECIDED):
        properties["counts"] = entry.counts
    return properties
