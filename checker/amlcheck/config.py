"""Configuration: amlcheck.toml, or [tool.amlcheck] in pyproject.toml, found upwards from the working directory."""

from __future__ import annotations

import re
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from amlcheck.errors import ConfigError
from amlcheck.knowledge import read_toml
from amlcheck.records import dataclass, field

DEFAULT_PROFILE = "azureml-2021-04"
_TYPES: dict[str, type] = {
    "profile": str,
    "flavour": str,
    "require": list,
    "datasets": bool,
    "user-managed": bool,
    "target": str,
    "context": str,
    "build-args": dict,
    "resolve-base": bool,
    "fail-on": str,
    "allow-undecided": bool,
    "format": str,
    "exclude": list,
    "dockerfile": str,
    "entry-script": str,
    "model": str,
    "conda-file": str,
    "request": list,
    "expect": list,
    "rules": dict,
}
_NAMES = {str: "a string", bool: "true or false", list: "a list of strings", dict: "a table"}


@dataclass(frozen=True)
class Config:
    """What the configuration says; command-line options override it."""

    path: Path | None = None
    values: dict[str, Any] = field(default_factory=dict)

    def get(self, key: str, default: Any = None) -> Any:
        return self.values.get(key, default)

    def relative(self, text: str) -> Path:
        """A path in the configuration, relative to the file that holds it."""
        return (self.path.parent if self.path is not None else Path()) / text


def find_config(start: Path) -> Config:
    """The nearest configuration at or above a folder; the empty one where there is none. Raises ConfigError."""
    for folder in (start, *start.parents):
        own = folder / "amlcheck.toml"
        if own.is_file():
            return read_config(own)
        project = folder / "pyproject.toml"
        if project.is_file() and "amlcheck" in _table(read_toml(project), "tool"):
            return read_config(project)
    return Config()


def read_config(path: Path) -> Config:
    """The configuration in a file. Raises ConfigError naming the file, the line and the remedy."""
    data = read_toml(path)
    values = _table(_table(data, "tool"), "amlcheck") if path.name == "pyproject.toml" else data
    for key, value in values.items():
        where = _where(path, key)
        if key not in _TYPES:
            near = get_close_matches(key, _TYPES, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(_TYPES)}"
            raise ConfigError(f"{where}: unknown key {key!r}; {hint}")
        wanted = _TYPES[key]
        strings = not isinstance(value, list) or all(isinstance(item, str) for item in value)
        if not isinstance(value, wanted) or not strings:
            raise ConfigError(f"{where}: {key} must be {_NAMES[wanted]}")
    return Config(path, dict(values))


def _table(data: dict[str, Any], key: str) -> dict[str, Any]:
    found = data.get(key, {})
    return found if isinstance(found, dict) else {}


def _where(path: Path, key: str) -> str:
    """The file, and the line of a key where it can be found."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError:
        return str(path)
    pattern = re.compile(rf"\s*(?:\[[\w.-]*\b)?[\"']?{re.escape(key)}[\"']?\s*[=.\]]")
    number = next((index for index, line in enumerate(lines, 1) if pattern.match(line)), None)
    return f"{path}:{number}" if number is not None else str(path)
