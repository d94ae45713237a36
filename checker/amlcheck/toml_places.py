"""Where a key stands in a TOML file; parsers of TOML do not tell. Asked only for an error."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def line_of(path: Path, keys: tuple[str, ...]) -> int | None:
    """The line, from 1, of a key or table; `keys` lead from the top of the file to it. None where it cannot be found."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return None
    table: tuple[str, ...] = ()
    for number, line in enumerate(lines, 1):
        header = re.fullmatch(r"\s*\[\[?(.+?)\]\]?\s*(?:#.*)?", line)
        pair = re.match(r"\s*([^=#]+?)\s*=", line)
        if header is not None:
            found = table = _dotted(header[1])
        else:
            found = (*table, *_dotted(pair[1])) if pair is not None else ()
        if found[: len(keys)] == keys:
            return number
    return None


def _dotted(text: str) -> tuple[str, ...]:
    """The parts of a dotted key such as `per-path."a/*"`; empty for what is none."""
    keys: list[str] = []
    try:
        value: Any = tomllib.loads(f"{text} = 0")
    except tomllib.TOMLDecodeError:
        return ()
    while isinstance(value, dict) and len(value) == 1:
        key, value = next(iter(value.items()))
        keys.append(key)
    return tuple(keys)
