"""Git LFS: a commit holds a pointer; the content is in the repository's own store, or it is not here."""

from __future__ import annotations

import os

from amlcheck.hook.git import Git
from amlcheck.regex import regex

MAX_POINTER = 1024
"""Bytes of a pointer, by its specification."""
_POINTER = regex(
    rb"version https://(?:git-lfs\.github\.com|hawser\.github\.com)/spec/v1\n"
    rb"(?:[a-z0-9.-]+ [^\n]*\n)*oid sha256:([0-9a-f]{64})\n(?:[a-z0-9.-]+ [^\n]*\n)*size (\d+)\n?"
)


def pointed_at(content: bytes) -> tuple[str, int] | None:
    """The SHA-256 and the bytes of the file that a pointer stands for; None for any other content."""
    match = _POINTER.fullmatch(content) if len(content) <= MAX_POINTER else None
    return (match[1].decode("ascii"), int(match[2])) if match is not None else None


def stored(git: Git, digest: str, limit: int) -> bytes | None:
    """The content with this SHA-256 in the repository's store; None where it is not there, too large, or another one."""
    import hashlib

    folder = git.line("rev-parse", "--git-common-dir")
    place = os.path.join(git.folder, folder, "lfs", "objects", digest[:2], digest[2:4], digest)
    try:
        with open(place, "rb") as file:
            content = file.read(limit + 1)
    except OSError:
        return None
    return content if len(content) <= limit and hashlib.sha256(content).hexdigest() == digest else None
