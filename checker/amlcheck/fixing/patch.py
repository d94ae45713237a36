"""Changes as a unified diff that `patch -p0` and `git apply -p0` take: bytes as they are, line ends and all."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

_NO_NEWLINE = b"\n\\ No newline at end of file\n"


def unified(files: Iterable[tuple[str, bytes, bytes]]) -> bytes:
    """The diff of files: each as it is shown, with its bytes before and after."""
    return b"".join(part for path, before, after in files for part in _file(path, before, after))


def _file(path: str, before: bytes, after: bytes) -> Iterable[bytes]:
    name = _named(path)
    lines = difflib.diff_bytes(difflib.unified_diff, _lines(before), _lines(after), name, name, b"", b"", 3, b"\n")
    for line in lines:
        yield line if line.endswith(b"\n") else line + _NO_NEWLINE


def _lines(content: bytes) -> Sequence[bytes]:
    """The lines with their ends; a line ends with a line feed and with nothing else."""
    return [line + b"\n" for line in content.split(b"\n")[:-1]] + [line for line in content.split(b"\n")[-1:] if line]


def _named(path: str) -> bytes:
    """A path in a header, quoted as git does it where it would break the header."""
    name = path.encode("utf-8", "surrogateescape")
    if not any(byte < 32 or byte in b'"\\\x7f' for byte in name):
        return name
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
