"""Text for people: a verdict table a file, then what is wrong, with the words underlined, the chain, and the fix.

Readable without colour and at 80 columns. Nothing from a file reaches the terminal with its control characters.
"""

from __future__ import annotations

import io
import textwrap
from collections import Counter
from collections.abc import Iterable

from rich.console import Console
from rich.table import Table
from rich.text import Text

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
from amlcheck.report.harmless import plain

_MARKS = {
    Verdict.MET: ("ok", "green"),
    Verdict.VIOLATED: ("FAIL", "bold red"),
    Verdict.UNDECIDED: ("?", "yellow"),
}
_IGNORED = ("ign", "dim")
_STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}
DEFAULT_WIDTH = 80
MAX_SHOWN = 300
"""Characters of one piece of evidence from an image."""


def render(report: Report, width: int = DEFAULT_WIDTH, colour: bool = False) -> str:
    """The report as text of that many columns."""
    out = io.StringIO()
    console = Console(
        file=out,
        width=max(width, 40),
        force_terminal=colour,
        no_color=not colour,
        color_system="standard" if colour else None,
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
    )
    many = len(report.subjects) > 8
    for subject in report.subjects:
        beside_baseline = any(map(_is_old, subject.judgements)) or any(map(_is_old, subject.findings))
        if (many or beside_baseline) and _quiet(subject):
            continue
        _subject(console, subject)
    _summary(console, report)
    return "\n".join(line.rstrip() for line in out.getvalue().split("\n"))


def _is_old(item: Judgement | Finding) -> bool:
    """Whether the baseline has it."""
    return item.waiver is not None and item.waiver.by == "baseline"


def _quiet(subject: SubjectReport) -> bool:
    """In a long report, or beside a baseline, a file about which there is nothing to do."""
    settled = all(
        item.verdict in (Verdict.MET, Verdict.NOT_APPLICABLE) or item.waiver is not None for item in subject.judgements
    )
    return settled and not subject.error and all(item.waiver is not None for item in subject.findings)


def _subject(console: Console, subject: SubjectReport) -> None:
    console.print(Text(plain(subject.subject), style="bold underline" if console.is_terminal else "bold"))
    if subject.error:
        console.print(Text(f"  error: {plain(subject.error)}", style="bold red"))
        console.print()
        return
    for note in subject.notes:
        _hanging(console, "  note: ", note, "yellow", "", 4)
    known = [item for item in subject.judgements if _is_old(item)]
    asked = [item for item in subject.judgements if item.verdict is not Verdict.NOT_APPLICABLE and item not in known]
    others = [item for item in subject.judgements if item.verdict is Verdict.NOT_APPLICABLE]
    if asked:
        console.print(_table(asked, subject))
    if known:
        told = ", ".join(f"{item.component} {item.found or 'not known'}" for item in known)
        _hanging(console, "  in the baseline: ", told, "dim", "dim", 4)
    if others:
        found = ", ".join(f"{item.component} {item.found or 'not known'}" for item in others)
        _hanging(console, "  not asked here: ", found, "dim", "dim", 4)
    if subject.deployment is not None:
        from amlcheck.report import deployment_text

        deployment_text.show(console, subject.deployment, plain, _hanging)
    else:
        console.print()
    counting = [item for item in subject.judgements if item.waiver is None]
    for judgement in counting:
        if judgement.verdict is Verdict.VIOLATED:
            _violation(console, judgement, subject)
    by_severity = sorted((item for item in subject.findings if item.waiver is None), key=lambda item: -item.severity)
    for finding in by_severity:
        if finding.severity is Severity.ERROR:
            _finding(console, finding, subject)
    for judgement in counting:
        if judgement.verdict is Verdict.UNDECIDED:
            _undecided(console, judgement, subject)
    for finding in by_severity:
        if finding.severity is not Severity.ERROR:
            _finding(console, finding, subject)


def _table(judgements: Iterable[Judgement], subject: SubjectReport) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, show_header=True, header_style="dim")
    table.add_column("  ", no_wrap=True)
    table.add_column("requirement", no_wrap=True)
    table.add_column("found", overflow="fold")
    table.add_column("expected", overflow="fold")
    table.add_column("why", overflow="fold", style="dim")
    for judgement in judgements:
        mark, style = _MARKS[judgement.verdict]
        if judgement.waiver is not None:
            mark, style = _IGNORED
        table.add_row(
            Text(f"  {mark}", style=style),
            Text(judgement.component),
            Text(plain(judgement.found or "not known")),
            Text(plain(judgement.expected or "-")),
            Text(plain(_why(judgement, subject))),
        )
    return table


def _why(judgement: Judgement, subject: SubjectReport) -> str:
    """Where a met value stands, or why a wrong one does not count; what is wrong is told in full below."""
    if judgement.waiver is not None:
        waiver = judgement.waiver
        until = f" until {waiver.until}" if waiver.until else ""
        return f"ignored{until}: {waiver.reason}"
    if judgement.verdict is Verdict.MET:
        chain = _chain(judgement)
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


def _chain(judgement: Judgement) -> Chain:
    """The evidence of the strongest witness that has some; witnesses stand from the weakest to the strongest."""
    for witness in reversed(judgement.witnesses):
        if witness.testimony.evidence:
            return witness.testimony.evidence
    return ()


def _violation(console: Console, judgement: Judgement, subject: SubjectReport) -> None:
    _headline(console, judgement.severity, judgement.rule, f"{judgement.component}: {judgement.reason}")
    if _adds(judgement.reason, judgement):
        console.print(
            Text(f"  found {plain(judgement.found or 'nothing')}, expected {plain(judgement.expected or '')}")
        )
    _excerpts(console, _chain(judgement), subject)
    _tail(console, judgement.fix, judgement.source)


def _adds(reason: str, judgement: Judgement) -> bool:
    return (judgement.expected or "") not in reason and judgement.expected != "present"


def _undecided(console: Console, judgement: Judgement, subject: SubjectReport) -> None:
    label = f"undecided[{judgement.rule}] "
    _hanging(console, label, f"{judgement.component}: {judgement.reason}", "yellow", "", 2)
    testimonies = [witness.testimony for witness in judgement.witnesses]
    if not any(isinstance(item, Fact) and not item.value.present for item in testimonies):
        _excerpts(console, _chain(judgement), subject)
    _tail(console, judgement.fix, "")


def _finding(console: Console, finding: Finding, subject: SubjectReport) -> None:
    _headline(console, finding.severity, finding.rule, finding.message)
    if finding.location is not None:
        _excerpts(console, (Evidence("", finding.location), *finding.related), subject)
    elif finding.related:
        _excerpts(console, finding.related, subject)
    _tail(console, finding.fix, "")


def _headline(console: Console, severity: Severity, rule: str, message: str) -> None:
    label = f"{severity.label}[{rule}] "
    _hanging(console, label, message, _STYLES[severity], "bold", 2)


def _tail(console: Console, fix: str, source: str) -> None:
    for label, text in (("fix", fix), ("source", source)):
        if text:
            style, text_style = ("green", "") if label == "fix" else ("dim", "dim")
            _hanging(console, f"  {label}: ", text, style, text_style, 4)
    console.print()


def _hanging(console: Console, label: str, message: str, style: str, text_style: str, indent: int) -> None:
    """A label and a text, wrapped with the following lines indented."""
    wrapped = textwrap.wrap(
        label + plain(message), console.width, subsequent_indent=" " * indent, break_on_hyphens=False
    )
    for index, row in enumerate(wrapped):
        line = Text(row, style=text_style)
        if index == 0:
            line.stylize(style, 0, len(label))
        console.print(line, no_wrap=True, crop=True)


def _excerpts(console: Console, chain: Chain, subject: SubjectReport) -> None:
    """The source lines of a chain, in the order of cause, each with its words underlined."""
    places = [item for item in chain if item.location is not None]
    shown = ""
    margin = max((len(str(item.location.line)) for item in places if item.location), default=1)
    for item in places:
        location = item.location
        assert location is not None
        if location.path != shown or item is places[0]:
            console.print(
                Text(f"  {' ' * margin}--> {plain(location.path)}:{location.line}:{location.column}", style="blue")
            )
            shown = location.path
        line = _line(subject, location)
        if line is None:
            continue
        _underlined(console, line, location, margin, item.note)
    for item in chain:
        if item.location is None:
            _hanging(console, f"  {' ' * margin} = ", told_evidence(item), "dim", "dim", margin + 5)


def _short(text: str) -> str:
    """Text of an image may have any length."""
    return text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 1] + "…"


def _line(subject: SubjectReport, location: Location) -> str | None:
    text = subject.sources.get(location.path)
    if text is None:
        return None
    lines = text.split("\n")
    return lines[location.line - 1].rstrip("\r") if location.line <= len(lines) else None


def _underlined(console: Console, line: str, location: Location, margin: int, note: str) -> None:
    """One source line, cut to the width around the words, and the marks below them."""
    room = console.width - margin - 6
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
    console.print(Text(f"  {location.line:>{margin}} | {whole}"), no_wrap=True, crop=True)
    offset = len(prefix) + len(before)
    marks = "^" * max(1, min(len(words), room - offset))
    label = f" {note}" if note and offset + len(marks) + len(note) < room else ""
    line_of_marks = Text(f"  {' ' * margin} | {' ' * offset}")
    line_of_marks.append(marks, style="bold red")
    line_of_marks.append(plain(label), style="dim")
    console.print(line_of_marks, no_wrap=True, crop=True)


def _summary(console: Console, report: Report) -> None:
    everything: list[Judgement | Finding] = []
    for subject in report.subjects:
        everything += [*subject.judgements, *subject.findings]
    items = [item for item in everything if item.waiver is None]
    waived = Counter(item.waiver.by for item in everything if item.waiver is not None)
    findings = [item for item in items if isinstance(item, Finding)]
    verdicts = Counter(item.verdict for item in items if isinstance(item, Judgement))
    count = len(report.subjects)
    kinds = {subject.kind for subject in report.subjects}
    kind = next(iter(kinds)) if kinds in ({"image"}, {"deployment"}) else "subject" if "deployment" in kinds else "file"
    parts = [f"{verdicts[verdict]} {verdict.value}" for verdict in (Verdict.MET, Verdict.VIOLATED, Verdict.UNDECIDED)]
    severities = Counter(item.severity for item in findings)
    counted = [
        f"{severities[severity]} {severity.label}{'s' if severities[severity] != 1 and severity is not Severity.INFO else ''}"
        for severity in (Severity.ERROR, Severity.WARNING, Severity.INFO)
        if severities[severity]
    ]
    errors = sum(bool(subject.error) for subject in report.subjects)
    line = f"{count} {kind}{'s' if count != 1 else ''}, profile {report.profile}"
    line += f" with {report.flavour}" if report.flavour else ""
    line += f": {', '.join(parts)}"
    line += f"; {', '.join(counted)}" if counted else ""
    line += f"; {waived['ignore']} ignored" if waived["ignore"] else ""
    line += f"; {waived['baseline']} in the baseline" if waived["baseline"] else ""
    line += f"; {errors} not readable" if errors else ""
    failing = any(fails(report, item) for item in items)
    style = "bold red" if failing or errors else "yellow" if verdicts[Verdict.UNDECIDED] else "bold green"
    for note in report.notes:
        _hanging(console, "note: ", note, "yellow", "", 2)
    console.print(Text(line, style=style))
