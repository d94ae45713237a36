"""What a repair changes, to be looked at before it is applied."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import unified_diff

from amlcheck.errors import AmlcheckError
from amlcheck.model import Edit, Repair

CONTEXT = 2
MAX_LINES = 400
"""Lines of a difference."""


def difference(repair: Repair, sources: Mapping[str, str]) -> list[str]:
    """A unified difference, a line each. Raises AmlcheckError where the file's text is not at hand or does not fit."""
    made: list[str] = []
    for path in dict.fromkeys(edit.location.path for edit in repair.edits):
        if path not in sources:
            raise AmlcheckError(f"{path} is not at hand")
        before = sources[path]
        after = edited(before, [edit for edit in repair.edits if edit.location.path == path])
        made += _lines(before, after, path)
    return made[:MAX_LINES]


def _lines(before: str, after: str, path: str) -> Iterator[str]:
    lines = unified_diff(before.split("\n"), after.split("\n"), path, path, lineterm="", n=CONTEXT)
    yield from (text.rstrip("\r") for text in lines)


def edited(text: str, edits: list[Edit]) -> str:
    """A text with edits made. Raises AmlcheckError where a place is not in it, or two overlap."""
    starts = [0]
    for row in text.split("\n"):
        starts.append(starts[-1] + len(row) + 1)

    def place(line: int, column: int) -> int:
        if not 1 <= line < len(starts) or column - 1 > starts[line] - 1 - starts[line - 1]:
            raise AmlcheckError("the file is not the one that was checked")
        return starts[line - 1] + column - 1

    spans = sorted(
        (place(one.location.line, one.location.column), place(one.location.end_line, one.location.end_column), one.text)
        for one in edits
    )
    out, done = [], 0
    for start, end, words in spans:
        if start < done or end < start:
            raise AmlcheckError("its changes overlap")
        out += [text[done:start], words]
        done = end
    return "".join([*out, text[done:]])
