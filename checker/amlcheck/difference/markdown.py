"""A difference as Markdown, for release notes and reviews."""

from __future__ import annotations

from collections.abc import Iterator

from amlcheck.difference import words
from amlcheck.difference.model import Changed, Course, Difference, SubjectDifference
from amlcheck.report.markdown_text import code, text

_MARKS = {Course.WORSE: "**worse**", Course.BETTER: "better", Course.OTHER: ""}
_ARROW = "→"
MAX_SHOWN = 300
"""Characters of one value or message."""


def render(difference: Difference) -> str:
    """The difference as Markdown."""
    out = [f"## amlcheck: {text(words.summary(difference))}\n"]
    out += [f"- {text(change.what)}: {_values(change)}" for change in difference.run]
    for subject in difference.changed:
        out.append(f"\n### {_title(subject)}\n")
        out += _subject(subject)
    return "\n".join(out) + "\n"


def _title(subject: SubjectDifference) -> str:
    if subject.old is None:
        return f"Added: {code(subject.subject.subject)}"
    if subject.new is None:
        return f"Removed: {code(subject.subject.subject)}"
    if subject.why:
        return f"{code(subject.old.subject)} {_ARROW} {code(subject.new.subject)}"
    return code(subject.new.subject)


def _subject(subject: SubjectDifference) -> Iterator[str]:
    if subject.new is None:
        told = words.went_with(subject)
        yield f"{told} went with it." if told else "Nothing was wrong with it."
        return
    if subject.why:
        yield f"Taken for the same: {text(subject.why)}.\n"
    if subject.requirements:
        yield "| | requirement | change |\n|---|---|---|"
        for change in subject.requirements:
            yield f"| {_MARKS[change.course]} | {text(change.component)} | {text(_cut(words.requirement(change, _ARROW)))} |"
        yield ""
    for fact in (*subject.facts, *subject.deployment):
        yield f"- {_marked(fact.course)}{_fact(fact)}"
    for found in subject.findings:
        item = found.finding
        place = words.place(item)
        where = f" ({code(place)})" if place else ""
        told = (
            f"{text(words.finding(found, _ARROW))}: {item.severity.label} {text(item.rule)}: {text(_cut(item.message))}"
        )
        yield f"- {_marked(found.course)}{told}{where}"
    for note in subject.limits:
        yield f"- note: {text(_cut(note))}"


def _marked(course: Course) -> str:
    return f"{_MARKS[course]}: " if _MARKS[course] else ""


def _fact(change: Changed) -> str:
    if change.what == "error":
        return f"cannot be read: {text(_cut(change.new))}" if change.new else "can be read again"
    return f"{text(change.what)}: {_values(change)}"


def _values(change: Changed) -> str:
    return f"{text(_cut(change.old))} {_ARROW} {text(_cut(change.new))}"


def _cut(words_: str) -> str:
    return words_ if len(words_) <= MAX_SHOWN else words_[: MAX_SHOWN - 1] + "…"
