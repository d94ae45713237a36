"""Writing a changed file: whole or not at all, with the mode that it had, and only where it is still what was read."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from pathlib import Path

from amlcheck.errors import AmlcheckError


def not_writable(path: Path) -> str:
    """Why a file is not edited, whatever is in it; empty where it may be."""
    try:
        status = os.stat(path)
    except OSError as error:
        return f"{path}: cannot be read: {error.strerror or error}"
    if not stat.S_ISREG(status.st_mode):
        return f"{path}: is not a regular file"
    if status.st_nlink > 1:
        return f"{path}: has {status.st_nlink} names (hard links), which would no longer be one file"
    if not os.access(path, os.W_OK):
        return f"{path}: is write-protected"
    if not os.access(path.parent, os.W_OK):
        return f"{path}: nothing can be written into its folder"
    return ""


def write(path: Path, before: bytes, after: bytes) -> None:
    """Puts `after` where `before` is. Raises AmlcheckError where the file is another one by now, or cannot be written."""
    temporary = ""
    try:
        if path.read_bytes() != before:
            raise AmlcheckError(f"{path}: was changed by somebody else while it was being checked; run it again")
        status = os.stat(path)
        descriptor, temporary = tempfile.mkstemp(prefix=".amlcheck-", suffix=".tmp", dir=path.parent)
        with open(descriptor, "wb") as file:
            file.write(after)
            file.flush()
            os.fsync(file.fileno())
        _like(temporary, status)
        os.replace(temporary, path)
        temporary = ""
    except OSError as error:
        raise AmlcheckError(f"{path}: cannot be written: {error.strerror or error}") from error
    finally:
        if temporary:
            with contextlib.suppress(OSError):
                os.unlink(temporary)


def _like(path: str, status: os.stat_result) -> None:
    """Gives a new file the owner, as far as that is allowed, and the mode of the one that it replaces."""
    if hasattr(os, "chown") and (status.st_uid, status.st_gid) != (os.geteuid(), os.getegid()):
        with contextlib.suppress(OSError):
            os.chown(path, status.st_uid, status.st_gid)
    os.chmod(path, stat.S_IMODE(status.st_mode))
