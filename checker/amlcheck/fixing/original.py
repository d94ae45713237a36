"""A file's bytes and the text that was read of them: edits are made in the bytes, and nothing else in them changes.

Readers differ in what they make of a byte order mark and of bytes that are no UTF-8. Which text belongs to the bytes is
found out here; where none does, the file is not edited.
"""

from __future__ import annotations

import codecs
from collections.abc import Sequence

from amlcheck.fixing.edits import Placed

_BOM = codecs.BOM_UTF8


def edited(content: bytes, text: str, edits: Sequence[Placed]) -> bytes | None:
    """The bytes with the edits, whose offsets are of `text`; None where the text is not what these bytes say."""
    at = _offsets(content, text, {offset for start, end, _ in edits for offset in (start, end)})
    if at is None:
        return None
    parts: list[bytes] = []
    done = 0
    for start, end, words in edits:
        parts += (content[done : at[start]], words.encode("utf-8", "surrogateescape"))
        done = at[end]
    return b"".join([*parts, content[done:]])


def _offsets(content: bytes, text: str, wanted: set[int]) -> dict[int, int] | None:
    """The places in the bytes of some characters; None where the text is not what these bytes say."""
    skipped = len(_BOM) if content.startswith(_BOM) and not text.startswith("\ufeff") else 0
    own = content[skipped:]
    if own.decode("utf-8", "surrogateescape") == text:
        return {offset: skipped + len(text[:offset].encode("utf-8", "surrogateescape")) for offset in wanted}
    if own.decode("utf-8", "replace") == text:
        broken = _broken(own)
        return {offset: skipped + _byte_of(own, broken, offset) for offset in wanted}
    return None


def _broken(content: bytes) -> list[tuple[int, int]]:
    """The stretches that are no UTF-8, each of which was read as one U+FFFD."""
    found: list[tuple[int, int]] = []
    at = 0
    while at < len(content):
        try:
            content[at:].decode("utf-8")
            break
        except UnicodeDecodeError as error:
            found.append((at + error.start, at + error.end))
            at += error.end
    return found


def _byte_of(content: bytes, broken: Sequence[tuple[int, int]], offset: int) -> int:
    """The place of a character among bytes of which some stretches are no UTF-8."""
    at = characters = 0
    for start, end in (*broken, (len(content), len(content))):
        good = content[at:start].decode("utf-8")
        if offset <= characters + len(good):
            return at + len(good[: offset - characters].encode("utf-8"))
        characters += len(good) + 1
        at = end
    return len(content)
