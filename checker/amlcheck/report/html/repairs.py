"""A repair as the lines that it changes, with the words marked."""

from __future__ import annotations

from collections.abc import Iterator

from amlcheck.model import Edit, Repair, SubjectReport
from amlcheck.report.html.markup import NOTHING, Markup, join, tag, text

CONTEXT = 1
"""Lines before and after what is changed."""
MAX_COLUMNS = 300
MAX_LINES = 60
_SEPARATE = CONTEXT * 2 + 1
Piece = tuple[str, bool]
"""Text, and whether it is marked."""


def difference(repair: Repair, subject: SubjectReport) -> Markup | None:
    """What a repair changes; None where the texts that it changes are not at hand, or it does not fit them."""
    by_path: dict[str, list[Edit]] = {}
    for edit in repair.edits:
        by_path.setdefault(edit.location.path, []).append(edit)
    files = []
    for path, edits in by_path.items():
        content = subject.sources.get(path)
        if content is None or not all(_fits(edit, content.split("\n")) for edit in edits):
            return None
        context = 0 if subject.partial else CONTEXT
        files.append(_file(path, content.split("\n"), sorted(edits, key=_place), context))
    return join(files) if files else None


def _place(edit: Edit) -> tuple[int, int, int, int]:
    at = edit.location
    return at.line, at.column, at.end_line, at.end_column


def _fits(edit: Edit, lines: list[str]) -> bool:
    """Whether the place of an edit is one of the text."""
    at = edit.location
    ordered = (1, 1) <= (at.line, at.column) <= (at.end_line, at.end_column)
    return (
        ordered
        and at.end_line <= len(lines)
        and at.column <= len(lines[at.line - 1]) + 1
        and at.end_column <= len(lines[at.end_line - 1]) + 1
    )


def _file(path: str, lines: list[str], edits: list[Edit], context: int) -> Markup:
    rows: list[Markup] = []
    hunks = list(_hunks(edits))
    for index, hunk in enumerate(hunks):
        if index:
            rows.append(tag("span", "…", class_="cut"))
        first, last = hunk[0].location.line, max(edit.location.end_line for edit in hunk)
        old, new = (_in_lines(pieces) for pieces in _both("\n".join(lines[first - 1 : last]), first, hunk))
        first, last = _narrowed(old, new, first, last)
        rows += [_row("span", " ", [(line, False)]) for line in lines[max(0, first - 1 - context) : first - 1]]
        rows += [_row("del", "-", row) for row in old]
        rows += [_row("ins", "+", row) for row in new]
        rows += [_row("span", " ", [(line, False)]) for line in lines[last : last + context]]
    more = tag("span", f"… {len(rows) - MAX_LINES} more lines", class_="cut") if len(rows) > MAX_LINES else NOTHING
    return tag("pre", tag("span", path, class_="path"), *rows[:MAX_LINES], more, class_="diff")


def _hunks(edits: list[Edit]) -> Iterator[list[Edit]]:
    """Edits whose lines touch, or nearly so, together."""
    hunk: list[Edit] = []
    end = 0
    for edit in edits:
        if hunk and edit.location.line - end >= _SEPARATE:
            yield hunk
            hunk, end = [], 0
        hunk.append(edit)
        end = max(end, edit.location.end_line)
    if hunk:
        yield hunk


def _both(block: str, first: int, hunk: list[Edit]) -> tuple[list[Piece], list[Piece]]:
    """The lines before and after, as pieces."""
    starts = [0]
    for line in block.split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    old: list[Piece] = []
    new: list[Piece] = []
    at = 0
    for edit in hunk:
        begin = starts[edit.location.line - first] + edit.location.column - 1
        end = starts[edit.location.end_line - first] + edit.location.end_column - 1
        old += [(block[at:begin], False), (block[begin:end], True)]
        new += [(block[at:begin], False), (edit.text, True)]
        at = max(at, end)
    return [*old, (block[at:], False)], [*new, (block[at:], False)]


def _narrowed(old: list[list[Piece]], new: list[list[Piece]], first: int, last: int) -> tuple[int, int]:
    """Takes off lines at both ends that stay as they are, as where a whole line goes; the numbers of what is left."""
    while old and new and _said(old[0]) == _said(new[0]):
        del old[0], new[0]
        first += 1
    while old and new and _said(old[-1]) == _said(new[-1]):
        del old[-1], new[-1]
        last -= 1
    return first, last


def _said(row: list[Piece]) -> str:
    return "".join(words for words, _ in row)


def _in_lines(pieces: list[Piece]) -> list[list[Piece]]:
    rows: list[list[Piece]] = [[]]
    for words, marked in pieces:
        for index, part in enumerate(words.split("\n")):
            if index:
                rows.append([])
            if part:
                rows[-1].append((part, marked))
    return rows


def _row(name: str, sign: str, pieces: list[Piece]) -> Markup:
    left = MAX_COLUMNS
    shown: list[Markup] = []
    for words, marked in pieces:
        kept = words.rstrip("\r")[:left]
        shown.append(tag("mark", kept) if marked and kept else text(kept))
        left -= len(kept)
    return tag(name, f"{sign} ", *shown, "…" if left <= 0 else None)
