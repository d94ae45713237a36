"""What tells one finding from another in two runs: a fingerprint that moved lines do not change.

It is made of the rule, the subject, the words that are meant (their line, blanks aside) and, where the same stands there
several times, a count. A verdict's is made of its rule, its subject and the value that was found. Lines and columns,
messages and versions of amlcheck are not part of it. What was read from JSON has its own with it, as the text is not at
hand any more. Used by baselines, SARIF, GitLab and `amlcheck diff`.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import PurePath

from amlcheck.model import Finding, Judgement, Location, SubjectReport


def _posix(text: str) -> str:
    return PurePath(text).as_posix()


def fingerprinted(
    subject: SubjectReport, called: Callable[[str], str] = _posix
) -> Iterator[tuple[Judgement | Finding, str]]:
    """Every judgement and finding of a subject with its fingerprint, 32 hexadecimal digits; in the report's order.

    `called` tells what the subject and its files are called in it; otherwise it is what they are called in the report.
    """
    seen: Counter[str] = Counter()
    items: list[Judgement | Finding] = [*subject.judgements, *subject.findings]
    for item in items:
        if item.fingerprint:
            yield item, item.fingerprint
            continue
        key = _key(item, subject, called)
        digest = hashlib.sha256("\0".join((*key, str(seen["\0".join(key)]))).encode("utf-8", "surrogatepass"))
        seen["\0".join(key)] += 1
        yield item, digest.hexdigest()[:32]


def _key(item: Judgement | Finding, subject: SubjectReport, called: Callable[[str], str]) -> tuple[str, ...]:
    name = called(subject.subject)
    if isinstance(item, Judgement):
        return item.rule, name, item.component, item.verdict.value, item.found or ""
    if item.location is None:
        return item.rule, name, item.message
    return item.rule, name, called(item.location.path), _words(item.location, subject) or item.message


def _words(location: Location, subject: SubjectReport) -> str:
    """The lines that a location touches, with their blanks made one; empty where the text is not at hand."""
    text = subject.sources.get(location.path)
    if text is None:
        return ""
    lines = text.split("\n")[location.line - 1 : max(location.end_line, location.line)]
    return " ".join(" ".join(lines).split())
