"""A difference as text: a block a subject, a line a change; what got worse first."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from amlcheck.difference import words
from amlcheck.difference.model import Changed, Course, Difference, SubjectDifference
from amlcheck.report.harmless import in_text, one_line

WIDTH = 100
MAX_SHOWN = 300
"""Characters of one change."""
_MARKS = {Course.WORSE: "worse", Course.BETTER: "better", Course.OTHER: ""}
_COLOURS = {Course.WORSE: "\x1b[31m", Course.BETTER: "\x1b[32m", Course.OTHER: ""}
_BOLD, _END = "\x1b[1m", "\x1b[0m"
_ORDER = {Course.WORSE: 0, Course.OTHER: 1, Course.BETTER: 2}


def render(difference: Difference, width: int = WIDTH, colour: bool = False) -> str:
    """The difference as text of that many columns."""
    out: list[str] = []
    for change in difference.run:
        out += _line(Course.OTHER, _told(change), width, colour, "")
    if difference.run:
        out.append("")
    for subject in difference.changed:
        title = one_line(words.title(subject))
        out.append(f"{_BOLD}{title}{_END}" if colour else title)
        for course, text in sorted(_changes(subject), key=lambda item: _ORDER[item[0]]):
            out += _line(course, text, width, colour, "  ")
        out.append("")
    out.append(one_line(words.summary(difference)))
    return in_text("\n".join(out)) + "\n"


def _changes(subject: SubjectDifference) -> Iterator[tuple[Course, str]]:
    if subject.new is None:
        told = words.went_with(subject)
        if told:
            yield Course.OTHER, f"{told} went with it"
        return
    for fact in (*subject.facts, *subject.deployment):
        yield fact.course, _told(fact)
    for change in subject.requirements:
        yield change.course, f"{change.component}: {words.requirement(change)}"
    for found in subject.findings:
        item = found.finding
        place = words.place(item)
        where = f" ({place})" if place else ""
        yield found.course, f"{words.finding(found)}: {item.severity.label}[{item.rule}] {item.message}{where}"
    for note in subject.limits:
        yield Course.OTHER, f"note: {note}"


def _told(change: Changed) -> str:
    if change.what == "error":
        return f"cannot be read: {change.new}" if change.new else "can be read again"
    return f"{change.what}: {change.old} {words.ARROW} {change.new}"


def _line(course: Course, text: str, width: int, colour: bool, indent: str) -> list[str]:
    mark = f"{_MARKS[course]:<8}" if indent else ""
    shown = one_line(text)
    shown = shown if len(shown) <= MAX_SHOWN else shown[: MAX_SHOWN - 1] + "…"
    lines = textwrap.wrap(
        f"{indent}{mark}{shown}",
        max(width, 40),
        subsequent_indent=f"{indent}{' ' * len(mark)}  ",
        break_on_hyphens=False,
    )
    if colour and _COLOURS[course] and lines:
        lines[0] = lines[0].replace(_MARKS[course], f"{_COLOURS[course]}{_MARKS[course]}{_END}", 1)
    return lines
