"""What tells one finding from another in two runs: a fingerprint that moved lines do not change.

It is made of the rule, the subject, the words that are meant (their line, blanks aside) and, where the same stands there
several times, a count. A verdict's is made of its rule, its subject and the value that was found. A finding that has no
place has its message, without what is another in each run: times, addresses in memory, process and container IDs. Lines
and columns, messages of what has a place, and versions of amlcheck are not part of it. What was read from JSON has its
own with it, as the text is not at hand any more. Used by baselines, SARIF, GitLab and `amlcheck diff`.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from pathlib import PurePath

from amlcheck.model import Finding, Judgement, Location, SubjectReport
from amlcheck.regex import regex

_VARYING = regex(
    r"\b0x[0-9a-fA-F]+|\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d[\d:.,]*Z?|\b\d+(?:\.\d+)? ?(?:ms|s|[kMG]i?B)\b"
    r"|\b(?:127\.0\.0\.1|localhost):\d+|\bpid:? ?\d+|\[\d+\]|\b(?=[a-f]*\d)[0-9a-f]{12,64}\b"
)
"""What differs between two runs that find the same."""


@lru_cache(256)
def _posix(text: str) -> str:
    return PurePath(text).as_posix()


def fingerprinted(
    subject: SubjectReport, called: Callable[[str], str] = _posix
) -> Iterator[tuple[Judgement | Finding, str]]:
    """Every judgement and finding of a subject with its fingerprint, 32 hexadecimal digits; in the report's order.

    `called` tells what the subject and its files are called in it; otherwise it is what they are called in the report.
    """
    seen: Counter[str] = Counter()
    lines = _Lines(subject.sources)
    items: list[Judgement | Finding] = [*subject.judgements, *subject.findings]
    for item in items:
        if item.fingerprint:
            yield item, item.fingerprint
            continue
        key = _key(item, subject.subject, lines, called)
        digest = hashlib.sha256("\0".join((*key, str(seen["\0".join(key)]))).encode("utf-8", "surrogatepass"))
        seen["\0".join(key)] += 1
        yield item, digest.hexdigest()[:32]


class _Lines:
    """The lines of files, cut once."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = texts
        self._lines: dict[str, list[str]] = {}

    def at(self, location: Location) -> list[str]:
        """Those that a location touches; none where the text is not at hand."""
        path = location.path
        if path not in self._lines:
            text = self._texts.get(path)
            self._lines[path] = text.split("\n") if text is not None else []
        return self._lines[path][location.line - 1 : max(location.end_line, location.line)]


def _key(item: Judgement | Finding, subject: str, lines: _Lines, called: Callable[[str], str]) -> tuple[str, ...]:
    name = called(subject)
    if isinstance(item, Judgement):
        return item.rule, name, item.component, item.verdict.value, item.found or ""
    message = _VARYING.sub("*", item.message)
    if item.location is None:
        return item.rule, name, message
    return item.rule, name, called(item.location.path), _words(lines.at(item.location)) or message


def _words(lines: list[str]) -> str:
    """Lines with their blanks made one."""
    return " ".join(" ".join(lines).split())
