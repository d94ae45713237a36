"""Configuration: amlcheck.toml, or [tool.amlcheck] in pyproject.toml, found upwards from the working directory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from amlcheck import looking
from amlcheck.data_files import read_toml
from amlcheck.errors import ConfigError
from amlcheck.nearest import nearest
from amlcheck.records import dataclass, field

DEFAULT_PROFILE = "azureml-2021-04"
_TYPES: dict[str, type | tuple[type, ...]] = {
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
    "format": (str, list),
    "baseline": str,
    "exclude": list,
    "dockerfile": str,
    "entry-script": str,
    "model": str,
    "conda-file": str,
    "request": list,
    "expect": list,
    "rules": dict,
    "per-path": dict,
}
PER_PATH = (
    "profile",
    "flavour",
    "require",
    "datasets",
    "user-managed",
    "target",
    "context",
    "build-args",
    "rules",
)
"""What may be said of single paths; all else is about a run as a whole."""
_NAMES: dict[type | tuple[type, ...], str] = {
    str: "a string",
    bool: "true or false",
    list: "a list of strings",
    dict: "a table",
    (str, list): "a string or a list of strings",
}


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

    def where(self, *keys: str) -> str:
        """The file, and the line of a key in it where that can be found, for errors."""
        if self.path is None:
            return "configuration"
        from amlcheck.toml_places import line_of

        own = ("tool", "amlcheck") if self.path.name == "pyproject.toml" else ()
        line = line_of(self.path, (*own, *keys))
        return f"{self.path}:{line}" if line is not None else str(self.path)


def find_config(start: Path) -> Config:
    """The nearest configuration at or above a folder; the empty one where there is none. Raises ConfigError."""
    for folder in (start, *start.parents):
        own = folder / "amlcheck.toml"
        if looking.at(own) and own.is_file():
            return read_config(own)
        project = folder / "pyproject.toml"
        if (
            looking.at(project)
            and project.is_file()
            and _is_named_in(project)
            and "amlcheck" in _table(read_toml(project), "tool")
        ):
            return read_config(project)
    return Config()


def _is_named_in(project: Path) -> bool:
    """Whether it is worth reading: most projects say nothing of amlcheck, and a TOML reader is slow to import."""
    looking.into(project)
    try:
        return b"amlcheck" in project.read_bytes()
    except OSError:
        return True


def read_config(path: Path) -> Config:
    """The configuration in a file. Raises ConfigError naming the file, the line and the remedy."""
    looking.into(path)
    data = read_toml(path)
    values = _table(_table(data, "tool"), "amlcheck") if path.name == "pyproject.toml" else data
    config = Config(path, dict(values))
    _check(config, (), values, tuple(_TYPES))
    for pattern, table in values.get("per-path", {}).items():
        if not isinstance(table, dict):
            raise ConfigError(
                f'{config.where("per-path", pattern)}: per-path: {pattern!r} must be a table: [per-path."{pattern}"]'
            )
        _check(config, ("per-path", pattern), table, PER_PATH)
    return config


def _check(config: Config, above: tuple[str, ...], values: dict[str, Any], known: tuple[str, ...]) -> None:
    """Refuses keys that are not known in this place, and values of another type. Raises ConfigError."""
    for key, value in values.items():
        if key not in known:
            raise ConfigError(f"{config.where(*above, key)}: {_unknown(key, known)}")
        wanted = _TYPES[key]
        strings = not isinstance(value, list) or all(isinstance(item, str) for item in value)
        if not isinstance(value, wanted) or not strings:
            raise ConfigError(f"{config.where(*above, key)}: {key} must be {_NAMES[wanted]}")


def _unknown(key: str, known: tuple[str, ...]) -> str:
    names = ", ".join(known)
    if key in _TYPES:
        return f"{key!r} is said of the whole run, and cannot be said of single paths; these can: {names}"
    near = nearest(key, known)
    hint = f"did you mean {near!r}?" if near else f"known are {names}"
    return f"unknown key {key!r}; {hint}"


def _table(data: dict[str, Any], key: str) -> dict[str, Any]:
    found = data.get(key, {})
    return found if isinstance(found, dict) else {}
