"""Lines of a file around some words, the words marked below them: for a screen of any width."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from rich.text import Text

from amlcheck.explorer.items import line as shown
from amlcheck.model import Location

CONTEXT = 2
"""Lines that are shown before and after."""
MAX_MARKED = 12
"""Lines of one place that are shown; a RUN may have hundreds."""


def excerpt(text: str, location: Location, width: int, note: str = "") -> list[Text]:
    """The lines of a place with those around it. Empty where the file has no such line."""
    lines = text.split("\n")
    if location.line > len(lines):
        return []
    last = max(location.line, min(location.end_line, len(lines)))
    first_shown, last_shown = max(1, location.line - CONTEXT), min(len(lines), last + CONTEXT)
    margin = len(str(last_shown))
    made: list[Text] = []
    for number in range(first_shown, last_shown + 1):
        content = lines[number - 1].rstrip("\r")
        inside = location.line <= number <= last
        if inside and number >= location.line + MAX_MARKED:
            if number == location.line + MAX_MARKED:
                made.append(Text(f"  {'':>{margin}} … {last - number + 1} lines more", "dim"))
            continue
        if not inside:
            if content.strip():
                made.append(_numbered(number, margin, Text(shown(content), "dim")))
            continue
        start, end = _marked(content, number, location, last)
        made += _underlined(number, margin, content, start, end, width, note if number == location.line else "")
    return made


def _marked(content: str, number: int, location: Location, last: int) -> tuple[int, int]:
    """The characters of a line that are meant."""
    start = location.column - 1 if number == location.line else len(content) - len(content.lstrip())
    end = location.end_column - 1 if number == location.end_line == last else len(content.rstrip(" \\"))
    start = min(start, len(content))
    return start, max(min(end, len(content)), start)


def _numbered(number: int, margin: int, content: Text) -> Text:
    return Text(f"  {number:>{margin}} | ", "dim").append_text(content)


def _underlined(number: int, margin: int, content: str, start: int, end: int, width: int, note: str) -> Sequence[Text]:
    """One line, cut to the width around its words, and the marks below them."""
    room = max(width - margin - 6, 8)
    left = 0
    if cell_len(shown(content)) > room:
        left = max(0, min(start - room // 3, len(content) - room + 1))
    before = ("…" if left else "") + _kept(content[left:start])
    words, after = _kept(content[start:end]), shown(content[end:])
    row = _numbered(number, margin, Text(before).append(words, "bold").append(after))
    offset = cell_len(before)
    marks = "^" * max(1, min(cell_len(words), room - offset))
    below = Text(f"  {'':>{margin}} | {' ' * offset}", "dim").append(marks, "bold red")
    if note and offset + len(marks) + cell_len(shown(note)) < room:
        below.append(f" {shown(note)}", "dim")
    return [row, below]


def _kept(text: str) -> str:
    """As `shown`, with the blanks at its end."""
    return shown(f"{text}\0")[:-1]
