"""What a check looked at, and in what state that was: as long as every look gives the same again, so does the check.

The state is taken before the look. Where a file changes between the two, the state that is remembered is one that no
longer holds, and the check is made again.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable

from amlcheck.remembering.digests import blake2b

AT, INTO, INSIDE = "at", "into", "inside"
Look = tuple[str, str, str]
"""One of these, the path, and the state."""
LARGE = 16 << 20
"""Bytes from which a file is told by its size and time; nothing that large is read to its end."""


class Looks:
    """A `looking.Listener` that lets everything pass and keeps the state of all that is looked at."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], str] = {}
        self.in_this_process = False
        self.lasting = True
        """Whether the states tell all: not those of a pipe, which can be read only once."""

    def at(self, path: str) -> bool:
        self._note(AT, path)
        return True

    def into(self, path: str) -> str:
        self._note(INTO, path)
        return ""

    def inside(self, path: str) -> None:
        self._note(INSIDE, path)

    def add(self, looks: Iterable[Look], lasting: bool) -> None:
        """Takes over what was looked at in another process."""
        self.lasting = self.lasting and lasting
        for kind, path, state in looks:
            self._seen.setdefault((kind, path), state)

    def all(self) -> list[Look]:
        return [(kind, path, state) for (kind, path), state in self._seen.items()]

    def _note(self, kind: str, path: str) -> None:
        if (kind, path) not in self._seen:
            state = state_of(kind, path)
            self.lasting = self.lasting and state is not None
            self._seen[kind, path] = state or ""


def unchanged(looks: Iterable[Look]) -> bool:
    """Whether everything is in the state in which it was."""
    return all(state_of(kind, path) == state for kind, path, state in looks)


def state_of(kind: str, path: str) -> str | None:
    """What a look gives, in few characters; None where it cannot be told without changing it."""
    try:
        if kind == AT:
            return f"{stat.S_IFMT(os.stat(path).st_mode):o} {os.path.realpath(path)}"
        return _content(path) if kind == INTO else _names(path)
    except (OSError, ValueError) as error:
        return f"{type(error).__name__} {getattr(error, 'errno', '')}"


def _content(path: str) -> str | None:
    status = os.stat(path)
    if stat.S_ISDIR(status.st_mode):
        return "folder"
    if not stat.S_ISREG(status.st_mode):
        return None
    if status.st_size > LARGE:
        return f"{status.st_size} {status.st_mtime_ns} {status.st_ino}"
    with open(path, "rb", buffering=0) as file:
        return blake2b(file.read(LARGE), digest_size=16).hexdigest()


def _names(path: str) -> str:
    with os.scandir(path) as entries:
        found = sorted(f"{entry.name}\0{entry.is_dir()}\0{entry.is_symlink()}" for entry in entries)
    return blake2b("\1".join(found).encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()
