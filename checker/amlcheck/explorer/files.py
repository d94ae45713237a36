"""The files that a result is about, as they are now: read where they are still what was checked, and changed on request.

A result may be anybody's: of the files that it names only plain ones in or below the working directory are read and
written.
"""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from amlcheck.errors import AmlcheckError
from amlcheck.explorer.repairs import edited
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


def apply(repair: Repair, sources: Mapping[str, str], only_below: bool) -> str:
    """Writes a repair into its files, all or none, and tells what was written. Raises AmlcheckError.

    A file must still be what was checked: `sources` has what it was.
    """
    texts: list[tuple[Path, str]] = []
    for path in dict.fromkeys(edit.location.path for edit in repair.edits):
        name = _below_here(path) if only_below else Path(path).resolve()
        try:
            now = name.read_bytes().decode("utf-8", "surrogateescape")
        except OSError as error:
            raise AmlcheckError(f"{path}: cannot be read: {error.strerror or error}") from error
        if now != sources.get(path):
            raise AmlcheckError(f"{path}: has changed since it was checked; check it again (R)")
        texts.append((name, edited(now, [edit for edit in repair.edits if edit.location.path == path])))
    for name, text in texts:
        _write(name, text)
    return f"{repair.title}: written to {', '.join(str(edit) for edit in dict.fromkeys(e.location.path for e in repair.edits))}"


def _write(path: Path, text: str) -> None:
    """Replaces a file in one step, with the rights it had."""
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".amlcheck-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(text.encode("utf-8", "surrogateescape"))
            os.chmod(name, mode)
            os.replace(name, path)
        except BaseException:
            with suppress(OSError):
                os.unlink(name)
            raise
    except OSError as error:
        raise AmlcheckError(f"{path}: cannot be written: {error.strerror or error}") from error
