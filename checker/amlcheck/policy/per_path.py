"""What the configuration says of single paths: `[per-path."training/*"]`, in the order of the file, later ones over earlier.

A pattern is that of `exclude`: `*` matches any characters, slashes too; a folder's name means all below it. Paths are
those from the folder of the configuration, with slashes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import PurePath
from typing import Any

from amlcheck import looking
from amlcheck.config import Config
from amlcheck.records import replace

_MERGED = ("rules", "build-args")
"""Tables, laid over each other key by key."""


def patterns_for(config: Config, name: str) -> tuple[str, ...]:
    """The patterns of the configuration that match a path of this run, in their order."""
    patterns = config.get("per-path", {})
    if not patterns or name == "-" or config.path is None:
        return ()
    absolute = os.path.join(os.path.realpath(os.path.dirname(name) or "."), os.path.basename(name))
    try:
        path = PurePath(os.path.relpath(absolute, os.path.realpath(config.path.parent))).as_posix()
    except ValueError:  # another drive
        return ()
    return tuple(pattern for pattern in patterns if _matches(path, pattern))


def _matches(path: str, pattern: str) -> bool:
    wanted = pattern.removeprefix("./").rstrip("/")
    choices = (wanted, wanted.removeprefix("**/"))
    return any(fnmatchcase(path, choice) or fnmatchcase(path, f"{choice}/*") for choice in choices)


def laid_over(config: Config, patterns: tuple[str, ...]) -> Config:
    """The configuration with what it says of paths that match these patterns."""
    values = dict(config.values)
    for pattern in patterns:
        for key, value in config.get("per-path", {})[pattern].items():
            values[key] = _over(key, values.get(key), value)
    return replace(config, values=values)


def _over(key: str, before: Any, value: Any) -> Any:
    if before is None:
        return value
    if key in _MERGED:
        return {**{name: own for name, own in before.items() if name not in value}, **value}  # the later one comes last
    return [*before, *value] if key == "require" else value


def others_below(config: Config, names: list[str]) -> Iterator[str]:
    """Configuration files that stand nearer to what is checked than the one that is used, and are not read."""
    top = os.path.realpath(config.path.parent if config.path is not None else ".")
    seen: set[str] = set()
    for name in names:
        folder = os.path.dirname(name)
        while folder not in seen:
            seen.add(folder)
            real = os.path.realpath(folder or ".")
            if real == top or not real.startswith(os.path.join(top, "")):
                break
            own = os.path.join(folder, "amlcheck.toml")
            if looking.at(own) and os.path.isfile(own):
                yield own
            if not folder:
                break
            folder = os.path.dirname(folder)
