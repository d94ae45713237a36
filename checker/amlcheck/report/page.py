"""A page of text with styles: lines, wrapped paragraphs, a table. What the text report is set with.

rich sets the explorer and the progress bars. Here it took longer than the check itself: 35 of 160 ms for one file, 6 of
11 ms a file for a thousand (docs/performance.md), and the report needs no more of it than what follows.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from amlcheck.regex import regex
from amlcheck.report.harmless import plain

Segment = tuple[str, str]
"""Text, and its style: words of _CODES, such as "bold red"."""
_CODES = {
    "bold": "1",
    "dim": "2",
    "underline": "4",
    "red": "31",
    "green": "32",
    "yellow": "33",
    "blue": "34",
    "cyan": "36",
}
_WORDS = regex(r"\s*\S+")
_GAP = 2
"""Columns of a terminal between the columns of a table."""


class Page:
    """Lines of at most `width` cells; with `colour`, styled by a terminal's escape sequences."""

    def __init__(self, width: int, colour: bool) -> None:
        self.width = width
        self.colour = colour
        self._lines: list[str] = []

    def __str__(self) -> str:
        return "".join(f"{line}\n" for line in self._lines)

    def line(self, *segments: Segment) -> None:
        """One line, cut at the page's width."""
        # Whoever calls: a result that is read may be anybody's.
        texts = [plain(text).replace("\n", " ") for text, _ in segments]
        whole = "".join(texts)
        if cells(whole) > self.width:
            room = self.width
            for index, text in enumerate(texts):
                texts[index] = cut(text, room)
                room -= cells(texts[index])
            whole = "".join(texts)
        if self.colour:
            whole = "".join([self._styled(text, style) for text, (_, style) in zip(texts, segments, strict=True)])
        self._lines.append(whole.rstrip())

    def paragraph(self, text: str, style: str = "") -> None:
        """A text, wrapped."""
        for row in wrap(text, self.width):
            self.line((row, style))

    def unwrapped(self, text: str) -> None:
        """A line as long as it is: what is to be copied."""
        self._lines.append(plain(text))

    def hanging(self, label: str, message: str, style: str = "", text_style: str = "", indent: int = 0) -> None:
        """A label and a message, wrapped with the following lines indented."""
        for index, row in enumerate(wrap(f"{label}{message}", self.width, " " * indent)):
            if index == 0:
                self.line((row[: len(label)], f"{text_style} {style}"), (row[len(label) :], text_style))
            else:
                self.line((row, text_style))

    def blank(self) -> None:
        self._lines.append("")

    def table(self, header: Sequence[str], rows: Sequence[Sequence[Segment]], fixed: int) -> None:
        """Columns as wide as they need; where that is too wide, those after the first `fixed` ones are wrapped."""
        widths = [
            max(cells(title), *(cells(row[column][0]) for row in rows)) if rows else cells(title)
            for column, title in enumerate(header)
        ]
        excess = sum(widths) + _GAP * (len(widths) - 1) - self.width
        while excess > 0 and max(widths[fixed:]) > 1:
            widest = max(range(fixed, len(widths)), key=lambda column: widths[column])
            widths[widest] -= 1
            excess -= 1
        for row in ([(title, "dim") for title in header], *rows):
            wrapped = [wrap(text, max(width, 1)) for (text, _), width in zip(row, widths, strict=True)]
            for number in range(max(map(len, wrapped))):
                self._table_line(wrapped, number, widths, [style for _, style in row])

    def _table_line(self, wrapped: list[list[str]], number: int, widths: list[int], styles: list[str]) -> None:
        segments: list[Segment] = []
        for column, parts in enumerate(wrapped):
            text = parts[number] if number < len(parts) else ""
            last = column == len(wrapped) - 1
            padding = 0 if last else widths[column] - cells(text) + _GAP
            segments += [(text, styles[column]), (" " * padding, "")]
        self.line(*segments)

    def _styled(self, text: str, style: str) -> str:
        if not self.colour or not style.strip() or not text.strip():
            return text
        codes = ";".join(dict.fromkeys(_CODES[word] for word in style.split()))
        return f"\x1b[{codes}m{text}\x1b[0m"


def wrap(text: str, width: int, indent: str = "") -> list[str]:
    """A text in rows of at most `width` cells, broken between words; those that are longer than a row, such as paths, at
    their slashes, else at other marks.
    """
    if cells(text) <= width:
        return [text.replace("\n", " ").rstrip()]
    rows: list[str] = []
    row, taken = "", 0
    for found in _WORDS.finditer(text.replace("\n", " ")):
        piece = found.group()
        size, room = cells(piece), width - taken
        if row and size > room and (cells(piece.lstrip()) <= width - len(indent) or 2 * room < width):
            rows.append(row)
            row, taken, piece = indent, len(indent), piece.lstrip()
            size = cells(piece)
        while taken + size > width:
            part = _up_to_a_mark(cut(piece, max(width - taken, 1)))
            rows.append(row + part)
            row, taken, piece = indent, len(indent), piece[len(part) :]
            size = cells(piece)
        row += piece
        taken += size
    return [*rows, row] if row.strip() or not rows else rows


def _up_to_a_mark(part: str) -> str:
    """The start of a long word up to its last slash, or another mark; all of it where that would leave little."""
    for marks in ("/", "-_.,:;=+&?@"):
        at = max(map(part.rfind, marks)) + 1
        if 3 * at >= len(part):
            return part[:at]
    return part


def cut(text: str, room: int) -> str:
    """The start of a text that takes at most so many cells."""
    if text.isascii() or cells(text) <= room:
        return text[: max(room, 0)] if text.isascii() else text
    taken = 0
    for at, char in enumerate(text):
        taken += cells(char)
        if taken > room:
            return text[:at]
    return text


def cells(text: str) -> int:
    """How many cells of a terminal a text takes: a Chinese character two, a combining accent none."""
    if text.isascii():
        return len(text)
    return sum(map(_cells_of, text))


@lru_cache(1024)
def _cells_of(char: str) -> int:
    from unicodedata import category, east_asian_width

    if category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if east_asian_width(char) in "WF" else 1
