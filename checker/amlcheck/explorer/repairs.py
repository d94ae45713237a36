"""What a repair changes, to be looked at before it is applied."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import unified_diff

from amlcheck.errors import AmlcheckError
from amlcheck.fixing.edits import applied, placed
from amlcheck.model import Repair

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
        edits = placed(before, [edit for edit in repair.edits if edit.location.path == path])
        if edits is None:
            raise AmlcheckError("the file is not the one that was checked")
        made += _lines(before, applied(before, edits), path)
    return made[:MAX_LINES]


def _lines(before: str, after: str, path: str) -> Iterator[str]:
    lines = unified_diff(before.split("\n"), after.split("\n"), path, path, lineterm="", n=CONTEXT)
    yield from (text.rstrip("\r") for text in lines)
