"""The files that a result is about, as they are now: read where they are still what was checked, and changed on request.

A result may be anybody's: of the files that it names only plain ones in or below the working directory are read and
written.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from amlcheck.errors import AmlcheckError
from amlcheck.fixing.edits import placed
from amlcheck.fixing.original import edited
from amlcheck.fixing.writing import not_writable, write
from amlcheck.model import Repair, Report
from amlcheck.records import replace

MAX_BYTES = 10 << 20
"""Bytes of a file that is read for excerpts."""


def with_files(report: Report) -> Report:
    """A result that was read, with the whole text of the files that still have the lines it knows of them."""
    subjects = []
    for subject in report.subjects:
        texts = dict(subject.sources)
        for path, known in subject.sources.items():
            text = _read(path)
            if text is not None and _still(known, text):
                texts[path] = text
        subjects.append(replace(subject, sources=texts))
    return replace(report, subjects=tuple(subjects))


def _still(known: str, text: str) -> bool:
    """Whether every line that a result has of a file is still there, at its place."""
    lines = text.split("\n")
    told = known.split("\n")
    if len(told) > len(lines):
        return False
    return all(not line or line.rstrip("\r") == lines[number].rstrip("\r") for number, line in enumerate(told))


def _read(path: str) -> str | None:
    try:
        name = _below_here(path)
        with open(name, "rb", opener=_plainly) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                return None
            content = file.read(MAX_BYTES + 1)
    except (OSError, ValueError, AmlcheckError):
        return None
    return content.decode("utf-8", "surrogateescape") if len(content) <= MAX_BYTES else None


def _plainly(path: str, flags: int) -> int:
    """Opens what may be a pipe without waiting for its other end."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _below_here(path: str) -> Path:
    """The file itself, links followed. Raises AmlcheckError where it is somewhere else."""
    here, there = Path.cwd().resolve(), Path(path).resolve()
    if not there.is_relative_to(here):
        raise AmlcheckError(f"{path}: is not below this folder; go where it is, and start there")
    return there


def apply(repair: Repair, sources: Mapping[str, str]) -> str:
    """Writes a repair of a result into its files, and tells what was written. Raises AmlcheckError.

    A file must still be what was checked: `sources` has what it was. All are looked at before the first is written.
    """
    changed: list[tuple[Path, bytes, bytes]] = []
    paths = list(dict.fromkeys(edit.location.path for edit in repair.edits))
    for path in paths:
        name = _below_here(path)
        refused = not_writable(name)
        if refused:
            raise AmlcheckError(refused)
        before = name.read_bytes()
        text = sources.get(path)
        edits = [edit for edit in repair.edits if edit.location.path == path]
        places = placed(text, edits) if text is not None else None
        after = edited(before, text, places) if text is not None and places is not None else None
        if after is None:
            raise AmlcheckError(f"{path}: is not what was checked; check it again: amlcheck report {path}")
        changed.append((name, before, after))
    for name, before, after in changed:
        write(name, before, after)
    return f"{repair.title}: written to {', '.join(paths)}"
