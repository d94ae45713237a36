"""Names of files that are not there, and the file beside them that is meant."""

from __future__ import annotations

import os
from collections.abc import Iterator
from difflib import get_close_matches  # two of them are needed, which `nearest` does not tell

from amlcheck import looking
from amlcheck.dockerfile.source import Span
from amlcheck.fixing.case import unsafe
from amlcheck.fixing.edits import replaced
from amlcheck.model import Repair

MAX_NAMES = 1000
"""Files of a folder that are looked at."""
_NEAR = 0.8


def nearest_file(span: Span, path: str) -> Iterator[Repair]:
    """The one file of the folder whose name is nearly that of a path; of the same kind, by its ending."""
    folder, name = os.path.split(path)
    if not name or not span.text.endswith(name):
        return
    ending = os.path.splitext(name)[1].lower()
    looking.inside(folder or ".")
    looking.inside(folder or ".")
    try:
        with os.scandir(folder or ".") as entries:
            names = [entry.name for entry, _ in zip(entries, range(MAX_NAMES), strict=False) if entry.is_file()]
    except OSError:
        return
    alike = sorted(item for item in names if os.path.splitext(item)[1].lower() == ending and item.isprintable())
    same = [item for item in alike if item.lower() == name.lower()]
    near = same or get_close_matches(name, alike, n=2, cutoff=_NEAR)
    if len(near) == 1:
        own = Span(span.source, span.end - len(name), span.end)
        yield unsafe(f"name {near[0]}", replaced(own, near[0]))
