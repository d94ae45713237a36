"""Markdown for a comment on a pull request, and for the summaries of GitHub and Azure Pipelines.

Its first line is a mark by which a script can find its own comment and edit it. It is kept below what a comment may have;
what does not fit is left off from the end, where the least grave stands, and counted.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby

from amlcheck.model import Judgement, Report, SubjectReport
from amlcheck.report import paths, summary
from amlcheck.report.entries import FILES, Entry, Kind, entries, evidence_line, gravity, source_line
from amlcheck.report.markdown_text import code, link, text

MARK = "<!-- amlcheck -->"
COMMENT_LIMIT = 65_000
"""Bytes: a comment of GitHub has at most 65,536 characters."""
_ROOM = 400
"""Bytes kept for the line that says what was left off."""
_VERDICTS = {Kind.MET: "met", Kind.VIOLATED: "**violated**", Kind.UNDECIDED: "**undecided**"}


def render(report: Report) -> str:
    """The report as a comment."""
    return f"{MARK}\n{body(report, COMMENT_LIMIT - len(MARK) - 1)}"


def body(report: Report, limit: int) -> str:
    """The report in at most `limit` bytes of Markdown."""
    notes = "".join(f"\nNote: {text(note)}\n" for note in report.notes)
    head = f"## amlcheck: {summary.outcome(report)}\n\n{text(summary.counted(report))}\n{notes}"
    out, left = [head], limit - len(head.encode()) - _ROOM
    dropped = 0
    for block, weight in _blocks(report):
        size = len(block.encode("utf-8", "replace"))
        if dropped or size > left:  # nothing graver is ever left off for something lighter
            dropped += weight
            continue
        out.append(block)
        left -= size
    if dropped:
        out.append(f"\n{dropped} more are left off here; the other formats have them.\n")
    return "".join(out)


def _blocks(report: Report) -> Iterator[tuple[str, int]]:
    """The parts of the text, gravest subjects first, each with the number of entries it shows."""
    place = _places()
    groups = [list(group) for _, group in groupby(entries(report), key=lambda entry: id(entry.subject))]
    empty = [
        subject for subject in report.subjects if not subject.judgements and not subject.findings and not subject.error
    ]
    quiet = [group[0].subject for group in groups if not any(entry.is_problem for entry in group)] + empty
    loud = [group for group in groups if any(entry.is_problem for entry in group)]
    for group in sorted(loud, key=lambda group: min(gravity(entry) for entry in group)):
        yield from _subject(group, place)
    if len(report.subjects) == 1:
        for group in groups:
            if group not in loud:
                yield from _subject(group, place)
    elif quiet:
        names = ", ".join(code(subject.subject) for subject in quiet)
        yield f"\n<details><summary>{len(quiet)} with nothing to do</summary>\n\n{names}\n\n</details>\n", len(quiet)


def _subject(group: list[Entry], place: Callable[[Entry], str]) -> Iterator[tuple[str, int]]:
    subject = group[0].subject
    asked = [entry for entry in group if entry.kind in _VERDICTS and entry.waiver is None]
    yield f"\n### {code(subject.subject)}\n\n" + "".join(f"Note: {text(note)}\n\n" for note in subject.notes), 0
    if asked:
        head = "| | requirement | found | expected | where |\n|---|---|---|---|---|\n"
        yield head + "".join(f"{_row(entry, place)}\n" for entry in asked) + "\n", 0
    for entry in sorted((entry for entry in group if entry.is_problem), key=gravity):
        yield _problem(entry, place), 1
    waived = [entry for entry in group if entry.waiver is not None]
    if waived:
        yield _waived(waived), len(waived)
    others = [entry for entry in group if entry.kind is Kind.NOT_APPLICABLE and entry.waiver is None]
    if others:
        yield f"\nNot asked here: {', '.join(text(entry.name) for entry in others)}\n", 0
    if subject.deployment is not None:
        yield _deployment(subject), 0


def _row(entry: Entry, place: Callable[[Entry], str]) -> str:
    assert isinstance(entry.item, Judgement)
    found, expected = entry.item.found or "not known", entry.item.expected or "-"
    return f"| {_VERDICTS[entry.kind]} | {text(entry.name)} | {text(found)} | {text(expected)} | {place(entry)} |"


def _problem(entry: Entry, place: Callable[[Entry], str]) -> str:
    label = "undecided" if entry.kind is Kind.UNDECIDED else entry.severity.label
    where = place(entry)
    lines = [f"- **{label}** {text(entry.title)}: {text(_told(entry))}" + (f" ({where})" if where else "")]
    line = source_line(entry.subject, entry.location) if entry.location is not None else None
    if line is not None and line.strip():
        lines.append(f"  <br>{code(line if len(line) <= 200 else line[:199] + '…')}")
    chain = [item for item in entry.chain if item.location is None or item.location != entry.location]
    lines += [f"  <br>because of {code(evidence_line(item))}" for item in chain[:8]]
    if entry.fix:
        lines.append(f"  <br>fix: {text(entry.fix)}")
    return "\n".join(lines) + "\n"


def _told(entry: Entry) -> str:
    return entry.message if entry.kind is not Kind.UNREADABLE else f"cannot be read: {entry.message}"


def _waived(waived: Iterable[Entry]) -> str:
    known = list(waived)
    lines = [
        f"- {text(entry.title)}: {text(entry.message)}; by {text(entry.waiver.by)}: {text(entry.waiver.reason)}"
        + (f" (until {text(entry.waiver.until)})" if entry.waiver.until else "")
        for entry in known
        if entry.waiver is not None
    ]
    return f"\n<details><summary>{len(known)} waived</summary>\n\n" + "\n".join(lines) + "\n\n</details>\n"


def _deployment(subject: SubjectReport) -> str:
    """How far the test deployment came, and how fast."""
    assert subject.deployment is not None
    deployment = subject.deployment
    stages = ", ".join(f"{stage.stage.value} after {stage.at:.2f} s" for stage in deployment.stages)
    lines = [f"Deployed as {text(deployment.mode)}: {text(stages or 'no stage was reached')}"]
    if deployment.failure is not None:
        lines.append(f"It failed: {text(deployment.failure.kind)}")
    if deployment.load is not None:
        load = deployment.load
        lines.append(
            f"Load: {load.requests} requests, {load.concurrency} at once: p50 {load.p50:.1f} ms, p95 {load.p95:.1f} ms,"
            f" p99 {load.p99:.1f} ms"
        )
    return "\n" + "\n\n".join(lines) + "\n"


def _places() -> Callable[[Entry], str]:
    """What shows where an entry is: a link into the repository where a CI tells what its address is."""
    named = paths.naming()
    address = _address()

    def place(entry: Entry) -> str:
        location = entry.location
        if location is None:
            image = next((item for item in entry.chain if item.location is None), None)
            return code(image.place or image.note) if image is not None else ""
        shown = code(f"{location.path}:{location.line}")
        name = named(location.path)
        if not address or paths.is_outside(name) or name == paths.STANDARD_INPUT or entry.subject.kind not in FILES:
            return shown
        return link(shown, f"{address}/{paths.uri(name)}#L{location.line}")

    return place


def _address() -> str:
    """Where the files of this commit can be read, on GitHub or GitLab; empty where that is not known."""
    told = os.environ.get
    if told("GITHUB_SERVER_URL") and told("GITHUB_REPOSITORY") and told("GITHUB_SHA"):
        return f"{told('GITHUB_SERVER_URL')}/{told('GITHUB_REPOSITORY')}/blob/{told('GITHUB_SHA')}"
    if told("CI_PROJECT_URL") and told("CI_COMMIT_SHA"):
        return f"{told('CI_PROJECT_URL')}/-/blob/{told('CI_COMMIT_SHA')}"
    return ""
