"""Changes as a unified diff that `git apply` and `patch -p1` take in the working directory: bytes as they are, line ends
and all.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable, Sequence

from amlcheck.fixing.allowed import STDIN

_NO_NEWLINE = b"\n\\ No newline at end of file\n"


def unified(files: Iterable[tuple[str, bytes, bytes]]) -> bytes:
    """The diff of files: each as it is shown, with its bytes before and after."""
    return b"".join(part for path, before, after in files for part in _file(path, before, after))


def from_here(path: str) -> str:
    """A file as it is called from the working directory, where its links lead: neither program writes through a link."""
    if path == STDIN:
        return path
    try:
        return os.path.relpath(os.path.realpath(path), os.path.realpath(os.curdir))
    except ValueError:  # on another drive
        return os.path.realpath(path)


def is_outside(path: str) -> bool:
    """Whether a file is not below the working directory: both programs refuse to change it from there."""
    name = from_here(path)
    return os.path.isabs(name) or name.split(os.sep, 1)[0] == os.pardir


def _file(path: str, before: bytes, after: bytes) -> Iterable[bytes]:
    name = from_here(path).replace(os.sep, "/")
    old, new = (name, name) if path == STDIN else (f"a/{name}", f"b/{name}")
    lines = difflib.diff_bytes(
        difflib.unified_diff, _lines(before), _lines(after), _named(old), _named(new), b"", b"", 3, b"\n"
    )
    for line in lines:
        yield line if line.endswith(b"\n") else line + _NO_NEWLINE


def _lines(content: bytes) -> Sequence[bytes]:
    """The lines with their ends; a line ends with a line feed and with nothing else."""
    return [line + b"\n" for line in content.split(b"\n")[:-1]] + [line for line in content.split(b"\n")[-1:] if line]


def _named(path: str) -> bytes:
    """A path in a header, quoted as git does it where it would break the header; a tab ends one that has blanks."""
    name = path.encode("utf-8", "surrogateescape")
    if not any(byte < 32 or byte in b'"\\\x7f' for byte in name):
        return name + b"\t" if b" " in name else name
    return b'"' + b"".join(_escaped(byte) for byte in name) + b'"'


def _escaped(byte: int) -> bytes:
    if byte in b'"\\':
        return b"\\" + bytes((byte,))
    return bytes((byte,)) if 32 <= byte < 127 else f"\\{byte:03o}".encode("ascii")


def for_terminal(patch: bytes) -> str:
    """The diff for people: what would move the cursor or colour the text is shown as what it is."""
    return visible(patch.decode("utf-8", "replace").replace("\r\n", "\n"))


def visible(text: str) -> str:
    """Text in which what a terminal would act on is shown as what it is."""
    return "".join(char if char.isprintable() or char in "\n\t" else f"\\x{ord(char):02x}" for char in text)
