"""Standard output and files, written whole or not at all."""

from __future__ import annotations

import errno
import os
import stat
import sys
from contextlib import suppress

from amlcheck.errors import AmlcheckError
from amlcheck.report.harmless import in_text


def write(text: str, output: str | None = None) -> None:
    """Puts text for people on standard output, or into a file. Raises as `write_out` and `write_file`."""
    if output is None or output == "-":
        write_out(in_text(text))
    else:
        write_file(output, text)


def write_out(text: str) -> None:
    """Puts text on standard output. Raises AmlcheckError, and BrokenPipeError where nobody reads it."""
    write_bytes_out(text.encode("utf-8", "replace"))


def write_bytes_out(content: bytes) -> None:
    """As `write_out`, for bytes as they are."""
    if sys.stdout is None:
        raise AmlcheckError("standard output: cannot be written: it is closed")
    try:
        left = memoryview(content)
        while left:  # unbuffered (PYTHONUNBUFFERED), a signal leaves the rest unwritten
            written = sys.stdout.buffer.write(left)
            if written is None:
                raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
            left = left[written:]
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        drop_output()
        raise AmlcheckError(f"standard output: cannot be written: {error.strerror or error}") from error


def drop_output() -> None:
    """Nothing more is written to standard output, not even what Python still holds when it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def write_file(name: str, text: str) -> None:
    """Puts text into a file: all of it or, where it fails, nothing, and what was there stays. Raises AmlcheckError."""
    data = text.encode("utf-8", "replace")
    try:
        if _is_special(name):
            _write_in_place(name, data, "ab")
            return
        path = os.path.realpath(name)  # a link keeps leading where it leads
        try:
            _replace(path, data)
        except OSError as error:
            # A file that may be written in a folder that may not, or one that is mounted over another, as in a container.
            if error.errno not in (errno.EACCES, errno.EPERM, errno.EBUSY) or not os.path.isfile(path):
                raise
            _write_in_place(path, data, "wb")
    except OSError as error:
        raise AmlcheckError(f"{name}: cannot be written: {error.strerror or error}") from error


def _is_special(name: str) -> bool:
    """Whether a name is a pipe, a device, or one of this process's streams, wherever that goes."""
    with suppress(FileNotFoundError):
        mode = os.stat(name).st_mode
        return name.startswith("/dev/") or not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))
    return False


def _replace(path: str, data: bytes) -> None:
    mode = _mode(path)
    import tempfile

    handle, beside = tempfile.mkstemp(
        prefix=f".{os.path.basename(path)[:100]}.", suffix=".tmp", dir=os.path.dirname(path)
    )
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.chmod(beside, mode)
        os.replace(beside, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(beside)
        raise


def _write_in_place(path: str, data: bytes, mode: str) -> None:
    with open(path, mode) as file:
        file.write(data)


def _mode(path: str) -> int:
    """The permissions of the file that is there, or those that a new one would get."""
    with suppress(FileNotFoundError):
        return stat.S_IMODE(os.stat(path).st_mode)
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
