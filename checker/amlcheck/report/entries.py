"""A report as a flat list, for the formats that are lists: every verdict, finding and unreadable file is an entry.

What an entry is shown as may differ between formats; whether it counts against the exit code is decided here alone, and
by `amlcheck.judge`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import Enum

from amlcheck.catalog import catalog
from amlcheck.fingerprint import fingerprinted
from amlcheck.judge import counts, fails
from amlcheck.model import (
    Chain,
    Evidence,
    Finding,
    Judgement,
    Location,
    Medium,
    Repair,
    Report,
    Severity,
    SubjectReport,
    Verdict,
    Waiver,
)
from amlcheck.records import dataclass, replace
from amlcheck.report.harmless import lines, one_line

UNREADABLE = "unreadable"
"""Stands where a rule's ID stands, for a file or image that could not be read."""
FILES = frozenset({"dockerfile", "environment"})
"""The kinds of subjects that are files of the user's; of others, the name is no path."""
READABLE = "readable"
"""The same for one about which there is nothing to say."""
MAX_SHOWN = 300
"""Characters of one piece of evidence: text of an image may have any length."""


class Kind(Enum):
    """What an entry says."""

    MET = "met"
    VIOLATED = "violated"
    UNDECIDED = "undecided"
    NOT_APPLICABLE = "not applicable"
    FINDING = "finding"
    UNREADABLE = "unreadable"


_KINDS = {
    Verdict.MET: Kind.MET,
    Verdict.VIOLATED: Kind.VIOLATED,
    Verdict.UNDECIDED: Kind.UNDECIDED,
    Verdict.NOT_APPLICABLE: Kind.NOT_APPLICABLE,
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One verdict, finding or unreadable subject. Its texts are free of control characters."""

    subject: SubjectReport
    kind: Kind
    rule: str
    """The rule's ID, or UNREADABLE."""
    name: str
    """The requirement, or the rule's name."""
    severity: Severity
    counts: bool
    """Whether it alone makes the exit code other than 0."""
    message: str
    """What was found, and against what; without the name of file or requirement. It may have several lines."""
    fix: str
    source: str
    location: Location | None
    """Where to look first; None where no file of the user's says it."""
    chain: Chain
    """All evidence, in the order of cause."""
    fingerprint: str
    waiver: Waiver | None = None
    repair: Repair | None = None
    item: Judgement | Finding | None = None

    @property
    def title(self) -> str:
        """The rule and what it is about: "AML103 python"."""
        return f"{self.rule} {self.name}" if self.name else self.rule

    @property
    def is_problem(self) -> bool:
        """Whether there is something to do or to look at."""
        return self.kind not in (Kind.MET, Kind.NOT_APPLICABLE) and self.waiver is None

    @property
    def told(self) -> str:
        """The message, with the requirement that it is about."""
        if self.kind is Kind.FINDING or not self.name:
            return self.message
        undecided = "undecided: " if self.kind is Kind.UNDECIDED else ""
        return f"{self.name}: {undecided}{self.message}"


def entries(report: Report) -> Iterator[Entry]:
    """All entries, in the report's order."""
    for subject in report.subjects:
        if subject.error:
            yield _unreadable(subject)
        for item, fingerprint in fingerprinted(subject):
            if isinstance(item, Judgement):
                yield _judged(report, subject, item, fingerprint)
            else:
                yield _found(report, subject, item, fingerprint)


def problems(report: Report) -> list[Entry]:
    """What there is to do, gravest first: what counts, then by severity; otherwise in the report's order."""
    return sorted((entry for entry in entries(report) if entry.is_problem), key=gravity)


def tested(report: Report) -> Iterator[Entry]:
    """All entries, and for a subject without any one that says that it was read: a test that passes."""
    for subject in report.subjects:
        found = list(entries(replace(report, subjects=(subject,))))
        yield from found or [_read(subject)]


def gravity(entry: Entry) -> tuple[bool, bool, int]:
    """A key that sorts the gravest first."""
    return not entry.counts, entry.kind is Kind.UNDECIDED, -entry.severity


def in_image(item: Evidence) -> str:
    """Where in an image something was found; the note where it stands in none."""
    if item.medium is None:
        return item.note
    if item.medium is Medium.COMMAND:
        return f"$ {item.place}"
    if item.medium is Medium.EXCHANGE:
        return f"the answer to {item.place}"
    return f"{item.place} of its config" if item.medium is Medium.CONFIG else item.place


def evidence_line(item: Evidence) -> str:
    """Evidence in one line: where it is from, and what it says."""
    where = f"{item.location.path}:{item.location.line}" if item.location is not None else in_image(item)
    text = one_line(item.text)
    shown = text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 1] + "…"
    note = f" ({item.note})" if item.note and item.location is not None else ""
    return one_line(f"{where}: {shown}{note}" if shown else f"{where}{note}")


def source_line(subject: SubjectReport, location: Location) -> str | None:
    """The line that a location begins in; None where the text is not at hand."""
    text = subject.sources.get(location.path)
    lines = text.split("\n") if text is not None else []
    return lines[location.line - 1].rstrip("\r") if 0 < location.line <= len(lines) else None


def rule_name(rule: str) -> str:
    """The name of a rule; empty for one that the catalogue does not have."""
    known = catalog().rule(rule)
    return known.name if known is not None else ""


def _unreadable(subject: SubjectReport) -> Entry:
    return Entry(
        subject=subject,
        kind=Kind.UNREADABLE,
        rule=UNREADABLE,
        name="",
        severity=Severity.ERROR,
        counts=True,
        message=lines(subject.error),
        fix="",
        source="",
        location=None,
        chain=(),
        fingerprint=_of_unreadable(subject),
    )


def _read(subject: SubjectReport) -> Entry:
    told = "there is nothing to say about it"
    return replace(_unreadable(subject), kind=Kind.MET, rule=READABLE, name="", counts=False, message=told)


def _of_unreadable(subject: SubjectReport) -> str:
    """As of a finding whose message says nothing: the error may name what changes."""
    finding = Finding(UNREADABLE, Severity.ERROR, "")
    return next(fingerprinted(SubjectReport(subject.subject, subject.kind, findings=(finding,))))[1]


def _judged(report: Report, subject: SubjectReport, item: Judgement, fingerprint: str) -> Entry:
    undecided = item.verdict is Verdict.UNDECIDED
    open_counts = undecided and counts(report, item) and not report.allow_undecided
    return Entry(
        subject=subject,
        kind=_KINDS[item.verdict],
        rule=item.rule,
        name=item.component,
        severity=item.severity,
        counts=fails(report, item) or open_counts,
        message=_message(item),
        fix=lines(item.fix),
        source=one_line(item.source),
        location=_first(item.chain),
        chain=item.chain,
        fingerprint=fingerprint,
        waiver=item.waiver,
        repair=item.repair,
        item=item,
    )


def _found(report: Report, subject: SubjectReport, item: Finding, fingerprint: str) -> Entry:
    return Entry(
        subject=subject,
        kind=Kind.FINDING,
        rule=item.rule,
        name=rule_name(item.rule),
        severity=item.severity,
        counts=fails(report, item),
        message=lines(item.message),
        fix=lines(item.fix),
        source="",
        location=item.location or _first(item.related),
        chain=item.related,
        fingerprint=fingerprint,
        waiver=item.waiver,
        repair=item.repair,
        item=item,
    )


def _message(item: Judgement) -> str:
    """The reason, and what was found and asked where the reason does not say it."""
    found, expected = item.found or "", item.expected or ""
    if item.verdict is Verdict.MET:
        return lines(f"{found or 'met'}: {item.reason}")
    if item.verdict is not Verdict.VIOLATED or expected == "present" or not expected or expected in item.reason:
        return lines(item.reason)
    return lines(f"{item.reason} (found {found or 'nothing'}, expected {expected})")


def _first(chain: Iterable[Evidence]) -> Location | None:
    return next((item.location for item in chain if item.location is not None), None)
