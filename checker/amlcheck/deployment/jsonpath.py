"""A part of JSONPath (RFC 9535): names, indexes, wildcards. What is left out is refused, never misread."""

from __future__ import annotations

import json
import re
from typing import Any

from amlcheck.records import dataclass
from amlcheck.regex import regex

_STEP = regex(
    r"""\.(?P<name>[^\W\d][\w-]*)          # .name
      | \[(?P<index>-?\d+)\]               # [0], [-1]
      | \[(?P<quoted>"(?:[^"\\]|\\.)*")\]  # ["name"]
      | \['(?P<single>(?:[^'\\]|\\.)*)'\]  # ['name']
      | (?P<every>\.\*|\[\*\])             # .*, [*]
    """,
    re.VERBOSE,
)
EVERY = object()
"""The wildcard among the steps of a path."""


@dataclass(frozen=True)
class JsonPath:
    """A path that was read."""

    text: str
    steps: tuple[Any, ...]
    """Names (str), indexes (int), EVERY."""

    @property
    def one(self) -> bool:
        """Whether it can lead to one value only."""
        return EVERY not in self.steps

    def find(self, value: Any) -> list[Any]:
        """The values that it leads to."""
        found = [value]
        for step in self.steps:
            found = [item for one in found for item in _follow(one, step)]
        return found


def parse_path(text: str) -> tuple[JsonPath, str]:
    """The path at the beginning of a text, which starts with "$", and what follows it. Raises ValueError."""
    if not text.startswith("$"):
        raise ValueError("a path starts with $")
    place = 1
    steps: list[Any] = []
    while (match := _STEP.match(text, place)) is not None:
        if match["index"] is not None:
            steps.append(int(match["index"]))
        elif match["every"]:
            steps.append(EVERY)
        elif match["quoted"] is not None:
            steps.append(json.loads(match["quoted"]))
        elif match["single"] is not None:
            steps.append(re.sub(r"\\(.)", r"\1", match["single"]))
        else:
            steps.append(match["name"])
        place = match.end()
    rest = text[place:].lstrip()
    if rest and not rest.startswith("="):
        raise ValueError(f"{rest[:20]!r} is not understood: names, [0], [-1] and [*] are")
    return JsonPath(text[:place], tuple(steps)), rest


def _follow(value: Any, step: Any) -> list[Any]:
    if step is EVERY:
        return list(value.values()) if isinstance(value, dict) else list(value) if isinstance(value, list) else []
    if isinstance(step, int):
        fits = isinstance(value, list) and -len(value) <= step < len(value)
        return [value[step]] if fits else []
    return [value[step]] if isinstance(value, dict) and step in value else []
