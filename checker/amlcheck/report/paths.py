"""Files as a CI names them: relative to the repository's root, with forward slashes, also as URI references."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache
from pathlib import Path, PurePath
from urllib.parse import quote

from amlcheck import looking

_ROOTS = ("GITHUB_WORKSPACE", "BUILD_SOURCESDIRECTORY", "CI_PROJECT_DIR")
"""Where GitHub, Azure Pipelines and GitLab tell the folder that they have checked out."""
STANDARD_INPUT = "-"


def root() -> str:
    """The folder that paths are relative to: the checkout of a CI, else of git, where we are inside one; else this one."""
    here = Path.cwd()
    for name in _ROOTS:
        told = os.environ.get(name)
        if told and os.path.isabs(told) and (_inside(str(here), told) or _inside(_real(str(here)), _real(told))):
            return told
    for folder in (here, *here.parents):
        if looking.at(folder / ".git") and (folder / ".git").exists():
            return str(folder)
    return str(here)


Naming = Callable[[str], str]


def naming() -> Naming:
    """How the repository that we are in names a path; each is worked out once."""
    folder = root()
    return cache(lambda path: _in_repository(path, folder))


def _in_repository(path: str, folder: str) -> str:
    """A path as the repository names it; absolute where it is outside of it."""
    if path == STANDARD_INPUT:
        return path
    whole = os.path.abspath(path)
    for one, other in ((whole, folder), (_real(whole), _real(folder))):
        if _inside(one, other):
            return PurePath(os.path.relpath(one, other)).as_posix()
    return PurePath(whole).as_posix()


def uri(path: str) -> str:
    """A path as `naming` gives it as a URI reference: what a URI would read otherwise is percent-encoded."""
    try:
        data = os.fsencode(path)
    except UnicodeEncodeError:  # the name of no file
        data = path.encode("utf-8", "surrogatepass")
    encoded = quote(data, safe="/-._~")
    if path.startswith("/"):
        return "file://" + encoded
    drive = PurePath(path).drive
    return f"file:///{drive}{encoded[len(quote(drive)) :]}" if drive else encoded


def is_outside(path: str) -> bool:
    """Whether a path as `naming` gives it is absolute."""
    return path.startswith("/") or bool(PurePath(path).drive)


def _real(path: str) -> str:
    try:
        return os.path.realpath(path)
    except ValueError:  # it has a NUL character: the name of no file
        return path


def _inside(path: str, folder: str) -> bool:
    try:
        return os.path.commonpath([os.path.abspath(path), os.path.abspath(folder)]) == os.path.abspath(folder)
    except ValueError:  # different drives
        return False
