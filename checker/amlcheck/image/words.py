"""Words of an image as evidence and as versions. They are hostile: any length, any characters, any numbers."""

from __future__ import annotations

import re

from packaging.version import Version

from amlcheck.image.tree import Tree
from amlcheck.model import PRESENT, Value
from amlcheck.regex import regex
from amlcheck.versions import exactly, prefix

MAX_TEXT = 1 << 20
"""Bytes of a file that people write or a tool generates: headers, metadata, settings."""
MAX_WORDS = 200
"""Characters of evidence that are shown."""
_VERSION = regex(r"\s*(?:\d{1,3}:)?[vV]?(\d{1,9}(?:\.\d{1,9}){0,5})(?!\.?\d)((?:a|b|rc)\d{1,4}(?!\d))?")


def text_of(tree: Tree, path: str, limit: int = MAX_TEXT) -> str:
    """A file's text; bytes that are no UTF-8 are replaced. Raises NotReadableError."""
    return tree.read(path, limit).decode("utf-8", errors="replace")


def brief(text: str) -> str:
    """Words as evidence: one line, of bounded length."""
    line = " ".join(text[: 4 * MAX_WORDS].split())
    return line if len(line) <= MAX_WORDS else line[: MAX_WORDS - 1] + "…"


def upstream(text: str) -> str:
    """The upstream version at the start of a packager's: "1:2.34.1-1ubuntu1.9" is "2.34.1"; "" if there is none."""
    match = _VERSION.match(text)
    return match.group(1) + (match.group(2) or "") if match else ""


def exact(text: str, family: str = "") -> Value | None:
    """The version that a text starts with, complete as it stands: "2.34.1" is that one, "22.04" any of 22.04."""
    stated = upstream(text)
    if not stated:
        return None
    return Value(True, family, exactly(stated) if stated.count(".") >= 2 else prefix(stated))


def series(text: str, parts: int = 2, family: str = "") -> Value | None:
    """The series of a version of which only the first numbers count: "11.8.20220929" is any 11.8."""
    stated = re.match(r"[\d.]*\d", upstream(text))
    return Value(True, family, prefix(".".join(stated.group(0).split(".")[:parts]))) if stated else None


def pep440(text: str) -> Value:
    """The version of a Python package, complete as it stands; only presence where it is none."""
    try:
        return Value(True, "", exactly(Version(text[:100]).public))
    except ValueError:
        return exact(text) or PRESENT
