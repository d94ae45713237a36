"""What a check looks at: announced before each look at the user's files, so that a listener can note it or bring the file.

The static check reads the disk. Whoever wants to know which files a verdict rests on (those that are not there included),
or has the files somewhere else and puts them on the disk only when they are asked for, listens here. Nobody does in
`amlcheck lint`; then every answer is at once "look".
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Protocol


class Listener(Protocol):
    """Hears of every look at a path, before it."""

    in_this_process: bool
    """Whether the looks must happen in the process that listens."""

    def at(self, path: str) -> bool:
        """Whether the path may be looked at; where not, it is taken not to be there."""

    def into(self, path: str) -> str:
        """Why the content of a file that is there cannot be had; empty where it can."""

    def inside(self, path: str) -> None:
        """A folder's names are about to be listed."""

    def add(self, looks: Iterable[tuple[str, str, str]], lasting: bool) -> None:
        """What was looked at elsewhere: how, the path, its state; `lasting` where that is all."""


_listener: Listener | None = None


def at(path: str | os.PathLike[str]) -> bool:
    """To be asked before a look at whether a path is there and what it is."""
    return True if _listener is None else _listener.at(os.fspath(path))


def into(path: str | os.PathLike[str]) -> str:
    """To be asked before a file is read: why it cannot be, or nothing."""
    if _listener is None:
        return ""
    return _listener.into(os.fspath(path)) if _listener.at(os.fspath(path)) else "is not there"


def inside(path: str | os.PathLike[str]) -> None:
    """To be said before a folder is listed."""
    if _listener is not None:
        _listener.inside(os.fspath(path))


def add(looks: Iterable[tuple[str, str, str]], lasting: bool) -> None:
    """Tells a listener of looks that happened in another process, or in an earlier run."""
    if _listener is not None:
        _listener.add(looks, lasting)


def is_heard() -> bool:
    """Whether somebody listens to whom the looks must happen in this process."""
    return _listener is not None and _listener.in_this_process


@contextmanager
def heard_by(listener: Listener) -> Iterator[None]:
    """Announces all looks to a listener. One listens at a time."""
    global _listener
    before, _listener = _listener, listener
    try:
        yield
    finally:
        _listener = before
