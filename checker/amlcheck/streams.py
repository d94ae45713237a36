"""Standard input, output and error as a program may find them: closed, on a full disk, or with a reader that goes away."""

from __future__ import annotations

import contextlib
import errno
import os
import sys

from amlcheck.errors import AmlcheckError

_REMEDIES = {
    errno.EMFILE: "raise the limit of open files (ulimit -n)",
    errno.ENFILE: "close other programs: all of the system have too many files open",
    errno.EAGAIN: "raise the limit of processes (ulimit -u), or end some",
    errno.ENOMEM: "give it more memory",
    errno.ENOSPC: "make room on the disk",
    errno.EDQUOT: "make room on the disk",
}


def secure() -> None:
    """Before anything else is opened: what is closed of the three leads nowhere, so that no other file takes its number.

    Without this a message for standard error would go into the first file or socket that is opened. That standard output
    was closed stays known: `sys.stdout` is None.
    """
    for number in range(3):
        if not _is_open(number):
            _lead_nowhere(number)
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - for as long as the process lives


def say(text: str) -> None:
    """One line for standard error; where nobody can read it, nothing happens."""
    try:
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()
    except (OSError, ValueError):
        _lead_nowhere(2)


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


def _lead_nowhere(number: int) -> None:
    nowhere = os.open(os.devnull, os.O_RDWR)
    if nowhere == number:
        os.set_inheritable(number, True)
        return
    os.dup2(nowhere, number)
    os.close(nowhere)


def columns(otherwise: int) -> int:
    """The columns of the terminal, as `shutil.get_terminal_size` tells them, without the 2 ms that importing it takes."""
    with contextlib.suppress(KeyError, ValueError):
        stated = int(os.environ["COLUMNS"])
        if stated > 0:
            return stated
    with contextlib.suppress(AttributeError, ValueError, OSError):
        return os.get_terminal_size(sys.__stdout__.fileno()).columns or otherwise  # type: ignore[union-attr]
    return otherwise


def read_input() -> bytes:
    """All of standard input. Raises AmlcheckError where it is closed or cannot be read."""
    if sys.stdin is None:
        raise AmlcheckError("standard input: cannot be read: it is closed")
    try:
        return sys.stdin.buffer.read()
    except OSError as error:
        raise AmlcheckError(f"standard input: cannot be read: {error.strerror or error}") from error


def refusal(error: BaseException) -> str:
    """What the system refused, as one sentence; empty for an error that is none of the system's."""
    if isinstance(error, MemoryError):
        return "there is not enough memory; give it more"
    if isinstance(error, RuntimeError):
        # Only its words tell it from others.
        return f"no more threads can be started; {_REMEDIES[errno.EAGAIN]}" if "start new thread" in str(error) else ""
    if not isinstance(error, OSError):
        return ""
    place = f"{error.filename}: " if isinstance(error.filename, (str, os.PathLike)) else ""
    remedy = f"; {_REMEDIES[error.errno]}" if error.errno in _REMEDIES else ""
    return f"{place}{error.strerror or error or type(error).__name__}{remedy}"
