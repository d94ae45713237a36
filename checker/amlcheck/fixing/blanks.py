"""Blanks that look like a space and are none, where Docker refuses them."""

from __future__ import annotations

from collections.abc import Iterator

from amlcheck.dockerfile.source import Source, Span
from amlcheck.fixing.case import Case, safe
from amlcheck.fixing.edits import replaced
from amlcheck.model import Repair


def plain_spaces(case: Case) -> Iterator[Repair]:
    """A plain space for the blank that is pointed at; else for all such blanks of its line."""
    span = case.span(case.location)
    if span is None or not _is_odd(span.text):
        return
    name = "non-breaking space" if span.text == "\xa0" else f"blank U+{ord(span.text):04X}"
    yield safe(f"replace the {name} with a plain space", replaced(span, " "))
    others = list(_of_line(span.source, span.start))
    if len(others) > 1:
        yield safe(
            "replace the blanks of this line that are no plain spaces", *(replaced(item, " ") for item in others)
        )


def _is_odd(text: str) -> bool:
    return len(text) == 1 and text.isspace() and text not in " \t\r\n"


def _of_line(source: Source, offset: int) -> Iterator[Span]:
    start = source.text.rfind("\n", 0, offset) + 1
    end = source.text.find("\n", offset)
    for at in range(start, len(source.text) if end < 0 else end):
        if _is_odd(source.text[at]):
            yield source.span(at, at + 1)
