"""Lock files of poetry and uv: the packages they pin, each with its place."""

from __future__ import annotations

import re
from collections.abc import Iterator

from amlcheck.dockerfile.source import Mapped
from amlcheck.dockerfile.text import Piece, Text, literal
from amlcheck.regex import regex

_PACKAGE = regex(r'^\[\[package\]\]\s*\nname = "(?P<name>[^"\n]+)"\s*\nversion = "(?P<version>[^"\n]+)"', re.MULTILINE)


def locked_packages(mapped: Mapped) -> Iterator[Text]:
    """Each pinned package as a requirement ("flask==2.0.1") whose parts stand at their places in the lock file."""
    for match in _PACKAGE.finditer(mapped.text):
        name, version = match.span("name"), match.span("version")
        yield Text(
            (
                Piece(match.group("name"), mapped.span(*name)),
                Piece("==", mapped.span(*version)),
                *literal(match.group("version"), mapped.span(*version)).pieces,
            )
        )
