"""Standard input, output and error as a program may find them: closed, on a full disk, or with a reader that goes away."""

from __future__ import annotations

import errno
import os
import stat
import sys
from pathlib import Path

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


def drop_output() -> None:
    """Nothing more is written to standard output, not even what Python still holds when it ends."""
    _lead_nowhere(1)


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


def write(text: str, output: str | None) -> None:
    """Puts a report on standard output or into a file. Raises AmlcheckError where the file cannot be written."""
    if output is None or output == "-":
        _print(text)
        return
    try:
        _write_file(Path(output), text.encode("utf-8", "replace"))
    except OSError as error:
        raise AmlcheckError(f"{output}: cannot be written: {error.strerror or error}") from error


def _print(text: str) -> None:
    if sys.stdout is None:
        raise AmlcheckError("standard output: cannot be written: it is closed")
    try:
        sys.stdout.buffer.write(text.encode("utf-8", "replace"))
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        drop_output()
        raise AmlcheckError(f"standard output: cannot be written: {error.strerror or error}") from error


def _write_file(path: Path, data: bytes) -> None:
    """The whole file or nothing: one that is there stays as it was where the disk is full. Raises OSError."""
    real = Path(os.path.realpath(path))
    if not _can_be_replaced(real):
        real.write_bytes(data)
        return
    new = real.with_name(f".{real.name[:200]}.{os.getpid()}.new")
    try:
        new.unlink(missing_ok=True)
        with new.open("xb") as file:
            if real.exists():
                os.chmod(new, real.stat().st_mode & 0o7777)
            file.write(data)
        os.replace(new, real)
    except OSError as error:
        new.unlink(missing_ok=True)
        # A folder in which no file can be made, or a file that is mounted over another one: it can be written all the same.
        if error.errno not in (errno.EACCES, errno.EPERM, errno.EBUSY, errno.EXDEV) or not real.exists():
            raise
        real.write_bytes(data)
    except BaseException:
        new.unlink(missing_ok=True)
        raise


def _can_be_replaced(path: Path) -> bool:
    """Whether a new file can stand for it: not for a pipe or device, another user's file, or one that has several names."""
    try:
        found = path.lstat()
    except OSError:
        return True
    mine = not hasattr(os, "geteuid") or found.st_uid == os.geteuid()
    return stat.S_ISREG(found.st_mode) and found.st_nlink == 1 and mine


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
    return f"{place}{error.strerror or type(error).__name__}{remedy}"
