"""The folder in which it is remembered: one file an entry, its name the key, its first bytes the digest of the rest.

An entry that is broken, half written or of another version is none. The folder is used only where nobody else may write
to it, and all errors of the disk mean that nothing is remembered: the check is then made, which is never wrong.
"""

from __future__ import annotations

import marshal
import os
import stat
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from amlcheck import __version__
from amlcheck.errors import AmlcheckError
from amlcheck.remembering.digests import blake2b

FOLDER = "lint"
_DIGEST = 16
"""Bytes."""
_DAYS = 30
"""An entry that was not written for so long is removed."""
_MOST = 50_000
"""Entries above which all are removed."""


def working_folder() -> str:
    """Where relative paths begin; empty where it is gone, and then none is found in any run."""
    try:
        return os.getcwd()
    except OSError:
        return ""


def key_of(*parts: object) -> str:
    """The name of an entry: what it depends on beside the files, in one word."""
    told = "\0".join(part if isinstance(part, str) else repr(part) for part in parts)
    return blake2b(told.encode("utf-8", "surrogateescape"), digest_size=20).hexdigest()


class Store:
    """Entries by key. Nothing here raises."""

    def __init__(self) -> None:
        self._folder = _folder()
        self._wrote = False

    def get(self, key: str) -> Any:
        """What `put` was given, made of the types that marshal knows; None where there is nothing."""
        if self._folder is None:
            return None
        try:
            with open(os.path.join(self._folder, key), "rb") as file:
                content = file.read()
            if blake2b(content[_DIGEST:], digest_size=_DIGEST).digest() != content[:_DIGEST]:
                return None
            return marshal.loads(content[_DIGEST:])
        except (OSError, EOFError, ValueError, TypeError):
            return None

    def put(self, key: str, value: Any) -> None:
        if self._folder is None:
            return
        content = marshal.dumps(value)
        aside = os.path.join(self._folder, f".{key}.{os.getpid()}")
        try:
            with open(aside, "xb") as file:
                file.write(blake2b(content, digest_size=_DIGEST).digest() + content)
            os.replace(aside, os.path.join(self._folder, key))
            self._wrote = True
        except OSError:
            _unlink([aside])

    def prune(self) -> None:
        """Removes what is old, where something was added."""
        if self._folder is None or not self._wrote:
            return
        try:
            with os.scandir(self._folder) as found:
                entries = [(entry.path, entry.stat(follow_symlinks=False).st_mtime) for entry in found]
        except OSError:
            return
        oldest = time.time() - _DAYS * 86400
        _unlink(path for path, at in entries if at < oldest or len(entries) > _MOST)


def _unlink(paths: Iterable[str]) -> None:
    for path in paths:
        with suppress(OSError):
            os.unlink(path)


def _folder() -> str | None:
    """The folder, where it can be had and nobody else can write to it."""
    from amlcheck.image.cache_folder import cache_folder

    try:
        folder = str(cache_folder(FOLDER))
        status = os.stat(folder)
    except (AmlcheckError, OSError):
        return None
    if hasattr(os, "geteuid") and (status.st_uid != os.geteuid() or status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)):
        return None
    return folder


def installation() -> str:
    """The amlcheck, the Python and the packages that run: an entry of others is none."""
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    beside = os.path.join(os.path.dirname(os.path.dirname(package)), "rules")
    found = [__version__, sys.version, *_files(package), *_files(beside)]
    packages = (folder for folder in sys.path if folder.endswith(("site-packages", "dist-packages")))
    found += [f"{folder} {os.stat(folder).st_mtime_ns}" for folder in packages if os.path.isdir(folder)]
    return key_of(*found)


def _files(folder: str) -> list[str]:
    found: list[str] = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_dir() and entry.name != "__pycache__":
                    found += _files(entry.path)
                elif entry.name.endswith((".py", ".toml", ".json")):
                    status = entry.stat()
                    found.append(f"{entry.path} {status.st_size} {status.st_mtime_ns}")
    except OSError:
        return found
    return sorted(found)
