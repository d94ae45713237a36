"""A whole run of `amlcheck lint`, remembered: what it wrote, its exit code, and all that it looked at.

A run is the same again where its command line, folder, environment, terminal and day are, and every look gives what it
gave. Then nothing is imported but this: the second `amlcheck lint` of a thousand files costs reading them.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from typing import Any

from amlcheck.exits import Exit
from amlcheck.remembering.looks import Looks, unchanged
from amlcheck.remembering.store import Store, installation, key_of, working_folder

OPTION = "--no-cache"
_NEVER = frozenset(
    {OPTION, "-", "--fix", "--diff", "--unsafe-fixes", "--resolve-base", "--write-baseline", "-h", "--help"}
)
_PASSING = frozenset({"_", "SHLVL", "OLDPWD", "PWD", "WINDOWID", "TERM_SESSION_ID", "SSH_CONNECTION", "SSH_CLIENT"})
"""Variables that change from one shell to the next and say nothing to amlcheck."""


class Run:
    """One run that may be remembered, while it is made."""

    def __init__(self, store: Store, key: str) -> None:
        self._store = store
        self._key = key
        self.looks = Looks()
        self._written: list[tuple[str, str]] = []
        self.forgotten = False
        """Set by what makes the run one that cannot be made again from memory."""

    def wrote(self, file: str, text: str) -> None:
        """Notes a report; `file` is empty for standard output."""
        self._written.append((file, text))

    def ended(self, code: int) -> None:
        """Remembers the run."""
        if code != Exit.INTERRUPTED and not self.forgotten and self.looks.lasting and self._written:
            self._store.put(self._key, (self.looks.all(), self._written, code))
        self._store.prune()


current: Run | None = None
"""The run that is being made, if it may be remembered."""


def recalled(arguments: Sequence[str]) -> int | None:
    """Makes a run again from memory and returns its exit code; None where it must be made in full. Raises AmlcheckError."""
    global current
    current = None
    if arguments[:1] != ["lint"] or not _NEVER.isdisjoint(word.partition("=")[0] for word in arguments):
        return None
    store = Store()
    key = key_of("run", installation(), working_folder(), list(arguments), _environment(), _terminal(), _day())
    entry: Any = store.get(key)
    if isinstance(entry, tuple) and len(entry) == 3 and unchanged(entry[0]):
        from amlcheck.report.destination import write_file, write_out

        for file, text in entry[1]:
            if file:
                write_file(file, text)
            else:
                write_out(text)
        code: int = entry[2]
        return code
    current = Run(store, key)
    return None


def _environment() -> list[tuple[str, str]]:
    return sorted((name, value) for name, value in os.environ.items() if name not in _PASSING)


def _terminal() -> tuple[bool, tuple[int, int]]:
    """Whether a person reads, and how wide."""
    try:
        shown = sys.stdout is not None and sys.stdout.isatty()
        size = os.get_terminal_size(sys.stdout.fileno()) if shown else (0, 0)
    except (OSError, ValueError):
        return False, (0, 0)
    return shown, (size[0], size[1])


def _day() -> str:
    return time.strftime("%Y-%m-%d")
