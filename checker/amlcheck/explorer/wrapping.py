"""Styled text in lines of a width."""

from __future__ import annotations

from rich.cells import cell_len
from rich.text import Text


def wrapped(text: Text, width: int, indent: int = 2) -> list[Text]:
    """A text in lines of that width, all but the first indented; styles are kept."""
    words = text.plain
    if cell_len(words) <= width:
        return [text]
    made: list[Text] = []
    start = 0
    while start < len(words):
        room = max(width - (indent if made else 0), 4)
        end = _end(words, start, room)
        part = text[start:end]
        part.rstrip()
        made.append(Text(" " * indent).append_text(part) if made else part)
        start = end
        while start < len(words) and words[start] == " ":
            start += 1
    return made


def _end(words: str, start: int, room: int) -> int:
    """Where a line that begins there ends: after a blank, or within a word that is longer than a line."""
    used, place, blank = 0, start, -1
    while place < len(words):
        used += cell_len(words[place])
        if used > room:
            return blank if blank > start else max(place, start + 1)
        place += 1
        if words[place - 1] == " ":
            blank = place
    return place


def title(text: str) -> list[Text]:
    """The title of a part of a page."""
    return [Text(), Text(text, "bold underline")]


def ends(text: str, room: int) -> str:
    """A path cut at its beginning: its end tells more."""
    if cell_len(text) <= room:
        return text
    while text and cell_len(text) > max(room - 1, 1):
        text = text[1:]
    return f"…{text}"
