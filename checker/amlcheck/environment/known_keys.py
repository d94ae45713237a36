"""Keys that nothing reads, each with the key that it is nearest to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher

from amlcheck.environment.document import Mapping as Section
from amlcheck.environment.environment import UnknownKey
from amlcheck.environment.limits import MAX_UNKNOWN_KEYS

NEAR = 0.75
"""How alike two names must be (0 to 1) for one to be a mistake for the other."""


def unknown_keys(root: Section, known: Mapping[str, list[str]]) -> Iterator[UnknownKey]:
    """The keys of a document's sections that are not among the known ones and near one of them that is not there."""
    stack = [("", root)]
    looked = 0
    while stack:
        where, section = stack.pop()
        names = known.get(where)
        if names is None:
            continue
        there = {entry.key for entry in section.entries}
        for entry in section.entries:
            if entry.key not in names:
                looked += 1
                if looked > MAX_UNKNOWN_KEYS:
                    return
                nearest = near(entry.key, [name for name in names if name not in there])
                if nearest:
                    yield UnknownKey(entry, nearest, where)
            elif isinstance(entry.node, Section):
                stack.append((f"{where}.{entry.key}" if where else entry.key, entry.node))


def near(word: str, names: list[str]) -> str:
    """The most alike of some names; empty where none is near. Case and separators count for nothing."""
    plain = _plain(word)
    if not plain or len(plain) > 60:
        return ""
    best, score = "", 0.0
    for name in names:
        ratio = SequenceMatcher(None, plain, _plain(name)).ratio()
        if ratio > score:
            best, score = name, ratio
    return best if score >= NEAR else ""


def _plain(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "").replace("$", "")
