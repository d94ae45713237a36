"""Which files of a run may be edited: those that were given, and those in the build contexts and beside environments.

A symbolic link is followed only where it leads to such a file; one that the user named leads where the user wants.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from amlcheck.fixing.writing import not_writable
from amlcheck.records import dataclass

STDIN = "-"


@dataclass(frozen=True)
class Allowed:
    """Real paths: files, and folders with all that is in them."""

    files: frozenset[str]
    folders: tuple[str, ...]
    written: bool = False
    """The files are going to be written: one that cannot be is not edited."""

    @classmethod
    def of(cls, paths: Sequence[str], names: Sequence[str], context: Path | None, written: bool = False) -> Allowed:
        """`paths` as the user gave them, `names` the files of the run."""
        given = list(paths) or ["."]
        files = {os.path.realpath(path) for path in given if path != STDIN and not os.path.isdir(path)}
        folders = {os.path.realpath(path) for path in given if os.path.isdir(path)}
        folders |= {os.path.realpath(os.path.dirname(name) or ".") for name in names if name != STDIN}
        if context is not None:
            folders.add(os.path.realpath(context))
        return cls(frozenset(files), tuple(sorted(folders)), written)

    def refusal(self, path: str) -> str:
        """Why a file is not edited; empty where it may be."""
        if path == STDIN:
            return ""
        real = os.path.realpath(path)
        if real in self.files or any(_is_below(real, folder) for folder in self.folders):
            return not_writable(Path(real)) if self.written else ""
        if os.path.islink(path):
            return f"{path}: is a symbolic link that leads out of what is checked, and is not edited"
        return f"{path}: stands outside of what is checked, and is not edited"


def _is_below(path: str, folder: str) -> bool:
    return path.startswith(folder if folder.endswith(os.sep) else folder + os.sep)
