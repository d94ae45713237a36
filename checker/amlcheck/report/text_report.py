"""Text for people: a verdict table a file, then what is wrong, with the words underlined, the chain, and the fix.

Readable without colour and at 80 columns. Nothing from a file reaches the terminal with its control characters.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from amlcheck.judge import fails
from amlcheck.model import (
    Chain,
    Evidence,
    Fact,
    Finding,
    Judgement,
    Location,
    Medium,
    Report,
    Severity,
    SubjectReport,
    Verdict,
)
from amlcheck.pages import hint
from amlcheck.report.harmless import plain
from amlcheck.report.page import Page, Segment
from amlcheck.report.summary import counted

_MARKS = {
    Verdict.MET: ("ok", "green"),
    Verdict.VIOLATED: ("FAIL", "bold red"),
    Verdict.UNDECIDED: ("?", "yellow"),
}
_IGNORED = ("ign", "dim")
_HEADER = ("  ", "requirement", "found", "expected", "why")
_STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}
DEFAULT_WIDTH = 80
MAX_SHOWN = 300
"""Characters of one piece of evidence from an image."""


def render(report: Report, width: int = DEFAULT_WIDTH, colour: bool = False, summary: bool = True) -> str:
    """The report as text of that many columns; without the last line where no `summary` is wanted."""
    page = Page(max(width, 40), colour)
    many = len(report.subjects) > 8
    for subject in report.subjects:
        beside_baseline = any(map(_is_old, subject.judgements)) or any(map(_is_old, subject.findings))
        if ((many or beside_baseline) and _quiet(subject)) or (len(report.subjects) > 1 and _is_empty(subject)):
            continue
        _subject(page, subject)
    if summary:
        _summary(page, report)
    return str(page)


def _is_old(item: Judgement | Finding) -> bool:
    """Whether the baseline has it."""
    return item.waiver is not None and item.waiver.by == "baseline"


def _is_empty(subject: SubjectReport) -> bool:
    """An entry script, say, about which there is nothing to decide and nothing to find."""
    told = subject.judgements or subject.findings or subject.error or subject.notes
    return not told and subject.deployment is None


def _quiet(subject: SubjectReport) -> bool:
    """In a long report, or beside a baseline, a file about which there is nothing to do."""
    settled = all(
        item.verdict in (Verdict.MET, Verdict.NOT_APPLICABLE) or item.waiver is not None for item in subject.judgements
    )
    return settled and not subject.error and all(item.waiver is not None for item in subject.findings)


def _subject(page: Page, subject: SubjectReport) -> None:
    page.paragraph(plain(subject.subject), "bold underline")
    if subject.error:
        _hanging(page, "  error: ", subject.error, "bold red", "bold red", 4)
        page.blank()
        return
    for note in subject.notes:
        _hanging(page, "  note: ", note, "yellow", "", 4)
    known = [item for item in subject.judgements if _is_old(item)]
    asked = [item for item in subject.judgements if item.verdict is not Verdict.NOT_APPLICABLE and item not in known]
    others = [item for item in subject.judgements if item.verdict is Verdict.NOT_APPLICABLE]
    if asked:
        page.table(_HEADER, list(_rows(asked, subject)), fixed=2)
    if known:
        told = ", ".join(f"{item.component} {item.found or 'not known'}" for item in known)
        _hanging(page, "  in the baseline: ", told, "dim", "dim", 4)
    if others:
        found = ", ".join(f"{item.component} {item.found or 'not known'}" for item in others)
        _hanging(page, "  not asked here: ", found, "dim", "dim", 4)
    if subject.deployment is not None:
        from amlcheck.report import deployment_text

        deployment_text.show(page, subject.deployment)
    else:
        page.blank()
    counting = [item for item in subject.judgements if item.waiver is None]
    for judgement in counting:
        if judgement.verdict is Verdict.VIOLATED:
            _violation(page, judgement, subject)
    by_severity = sorted((item for item in subject.findings if item.waiver is None), key=lambda item: -item.severity)
    for finding in by_severity:
        if finding.severity is Severity.ERROR:
            _finding(page, finding, subject)
    for judgement in counting:
        if judgement.verdict is Verdict.UNDECIDED:
            _undecided(page, judgement, subject)
    for finding in by_severity:
        if finding.severity is not Severity.ERROR:
            _finding(page, finding, subject)


def _rows(judgements: Iterable[Judgement], subject: SubjectReport) -> Iterator[list[Segment]]:
    for judgement in judgements:
        mark, style = _MARKS[judgement.verdict] if judgement.waiver is None else _IGNORED
        yield [
            (f"  {mark}", style),
            (judgement.component, ""),
            (plain(judgement.found or "not known"), ""),
            (plain(judgement.expected or "-"), ""),
            (plain(_why(judgement, subject)), "dim"),
        ]


def _why(judgement: Judgement, subject: SubjectReport) -> str:
    """Where a met value stands, or why a wrong one does not count; what is wrong is told in full below."""
    if judgement.waiver is not None:
        waiver = judgement.waiver
        until = f" until {waiver.until}" if waiver.until else ""
        return f"ignored{until}: {waiver.reason}"
    if judgement.verdict is Verdict.MET:
        chain = judgement.chain
        places = [item.location for item in chain if item.location is not None]
        if places:
            return _places(judgement, places, subject)
        if chain and chain[0].medium is not None:
            return _in_image(chain[0])
    return "" if judgement.verdict is Verdict.MET else f"see {judgement.rule} below"


def _places(judgement: Judgement, places: list[Location], subject: SubjectReport) -> str:
    """The lines of a chain, with the file's name where it is another one; and what is to be known of the value."""
    lines = []
    for place in places:
        other = "" if place.path == subject.subject else f"{place.path.rsplit('/', 1)[-1]}:"
        lines.append(f"{other}{place.line}")
    shown = " -> ".join(dict.fromkeys(lines))
    note = next((item.testimony.note for item in reversed(judgement.witnesses) if isinstance(item.testimony, Fact)), "")
    return f"{'' if ':' in lines[0] else 'line '}{shown}{'; ' + note if note else ''}"


def _in_image(item: Evidence) -> str:
    """Where in an image something was found."""
    if item.medium is Medium.COMMAND:
        return f"$ {item.place}"
    if item.medium is Medium.EXCHANGE:
        return f"the answer to {item.place}"
    return f"{item.place} of its config" if item.medium is Medium.CONFIG else item.place


def told_evidence(item: Evidence) -> str:
    """Evidence that stands in no file of the user's, in one line: where it is from, and what it says."""
    return f"{_in_image(item) if item.medium is not None else item.note}: {_short(item.text)}"


def _violation(page: Page, judgement: Judgement, subject: SubjectReport) -> None:
    _headline(page, judgement.severity, judgement.rule, f"{judgement.component}: {judgement.reason}")
    if _adds(judgement.reason, judgement):
        page.paragraph(f"  found {plain(judgement.found or 'nothing')}, expected {plain(judgement.expected or '')}")
    _excerpts(page, judgement.chain, subject)
    _tail(page, judgement.fix, judgement.source)


def _adds(reason: str, judgement: Judgement) -> bool:
    return (judgement.expected or "") not in reason and judgement.expected != "present"


def _undecided(page: Page, judgement: Judgement, subject: SubjectReport) -> None:
    label = f"undecided[{judgement.rule}] "
    _hanging(page, label, f"{judgement.component}: {judgement.reason}", "yellow", "", 2)
    testimonies = [witness.testimony for witness in judgement.witnesses]
    if not any(isinstance(item, Fact) and not item.value.present for item in testimonies):
        _excerpts(page, judgement.chain, subject)
    _tail(page, judgement.fix, "")


def _finding(page: Page, finding: Finding, subject: SubjectReport) -> None:
    _headline(page, finding.severity, finding.rule, finding.message)
    if finding.location is not None:
        _excerpts(page, (Evidence("", finding.location), *finding.related), subject)
    elif finding.related:
        _excerpts(page, finding.related, subject)
    _tail(page, finding.fix, "")


def _headline(page: Page, severity: Severity, rule: str, message: str) -> None:
    label = f"{severity.label}[{rule}] "
    _hanging(page, label, message, _STYLES[severity], "bold", 2)


def _tail(page: Page, fix: str, source: str) -> None:
    for label, text in (("fix", fix), ("source", source)):
        if text:
            style, text_style = ("green", "") if label == "fix" else ("dim", "dim")
            _hanging(page, f"  {label}: ", text, style, text_style, 4)
    page.blank()


def _hanging(page: Page, label: str, message: str, style: str, text_style: str, indent: int) -> None:
    """A label and a text from wherever, wrapped with the following lines indented."""
    page.hanging(label, plain(message), style, text_style, indent)


def _excerpts(page: Page, chain: Chain, subject: SubjectReport) -> None:
    """The source lines of a chain, in the order of cause, each with its words underlined."""
    places = list(_once(chain))
    shown = ""
    margin = max((len(str(item.location.line)) for item in places if item.location), default=1)
    for item in places:
        location = item.location
        assert location is not None
        if location.path != shown or item is places[0]:
            page.paragraph(f"  {' ' * margin}--> {plain(location.path)}:{location.line}:{location.column}", "blue")
            shown = location.path
        line = _line(subject, location)
        if line is None:
            continue
        _underlined(page, line, location, margin, item.note)
    for item in chain:
        if item.location is None:
            _hanging(page, f"  {' ' * margin} = ", told_evidence(item), "dim", "dim", margin + 5)


def _once(chain: Chain) -> Iterator[Evidence]:
    """The evidence that stands in files, each place once, with all that is noted of it."""
    notes: dict[Location, dict[str, None]] = {}
    for item in chain:
        if item.location is not None:
            notes.setdefault(item.location, {}).update({item.note: None} if item.note else {})
    for location, noted in notes.items():
        yield Evidence("", location, ", ".join(noted))


def _short(text: str) -> str:
    """Text of an image may have any length."""
    return text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 1] + "…"


def _line(subject: SubjectReport, location: Location) -> str | None:
    text = subject.sources.get(location.path)
    if text is None:
        return None
    lines = text.split("\n")
    return lines[location.line - 1].rstrip("\r") if location.line <= len(lines) else None


def _underlined(page: Page, line: str, location: Location, margin: int, note: str) -> None:
    """One source line, cut to the width around the words, and the marks below them."""
    room = page.width - margin - 6
    start = location.column - 1
    end = location.end_column - 1 if location.end_line == location.line else len(line.rstrip(" \\"))
    end = max(min(end, len(line)), start + 1)
    left = 0
    if len(line) > room:
        left = max(0, min(start - 12, len(line) - room + 1))
    before, words = plain(line[left:start]), plain(line[start:end])
    after = plain(line[end:])
    prefix = "…" if left else ""
    whole = prefix + before + words + after
    if len(whole) > room:
        whole = whole[: room - 1] + "…"
    page.line((f"  {location.line:>{margin}} | {whole}", ""))
    offset = len(prefix) + len(before)
    marks = "^" * max(1, min(len(words), room - offset))
    label = f" {note}" if note and offset + len(marks) + len(note) < room else ""
    page.line((f"  {' ' * margin} | {' ' * offset}", ""), (marks, "bold red"), (plain(label), "dim"))


def _is_told(item: Judgement | Finding) -> bool:
    """Whether something is said of it beside a line of the table."""
    return isinstance(item, Finding) or item.verdict in (Verdict.VIOLATED, Verdict.UNDECIDED)


def _summary(page: Page, report: Report) -> None:
    everything: list[Judgement | Finding] = []
    for subject in report.subjects:
        everything += [*subject.judgements, *subject.findings]
    items = [item for item in everything if item.waiver is None]
    errors = any(subject.error for subject in report.subjects)
    undecided = any(isinstance(item, Judgement) and item.verdict is Verdict.UNDECIDED for item in items)
    worst = [*(item for item in items if fails(report, item)), *(item for item in items if _is_told(item))]
    told = next((item.rule for item in worst if item.rule), "")
    if told:
        page.paragraph(f"what a rule asks, why, and what to do: {hint(plain(told))}", "dim")
    failing = any(fails(report, item) for item in items)
    style = "bold red" if failing or errors else "yellow" if undecided else "bold green"
    for note in report.notes:
        _hanging(page, "note: ", note, "yellow", "", 2)
    page.paragraph(plain(counted(report)), style)
