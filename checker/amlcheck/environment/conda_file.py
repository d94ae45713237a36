"""A conda environment file: its name, channels, dependencies and the pip section, each with its place."""

from __future__ import annotations

from amlcheck.dockerfile.source import Mapped
from amlcheck.dockerfile.text import Text
from amlcheck.environment.yaml_nodes import Mapping, Scalar, Sequence, YamlError, compose, get, text_of
from amlcheck.records import dataclass, field


class CondaFileError(ValueError):
    """The file is no conda environment file: one sentence with its place."""


@dataclass
class CondaFile:
    """What an environment file asks for."""

    name: str = ""
    channels: list[Text] = field(default_factory=list)
    dependencies: list[Text] = field(default_factory=list)
    pip: list[Text] = field(default_factory=list)
    unread: str = ""
    """What of it could not be read, if anything."""


def read_conda_file(mapped: Mapped) -> CondaFile:
    """Reads an environment file. Raises CondaFileError."""
    if mapped.text.startswith("\ufeff"):
        mapped = mapped.slice(1)
    try:
        root = compose(mapped)
    except YamlError as error:
        raise CondaFileError(str(error)) from error
    if not isinstance(root, Mapping):
        raise CondaFileError(f"{mapped.source.path}: not a conda environment file: no mapping with `dependencies`")
    result = CondaFile()
    name = get(root, "name")
    if isinstance(name, Scalar):
        result.name = str(name.value)
    channels = get(root, "channels")
    if isinstance(channels, Sequence):
        result.channels = [text_of(item, mapped) for item in channels.value if isinstance(item, Scalar)]
    dependencies = get(root, "dependencies")
    for item in dependencies.value if isinstance(dependencies, Sequence) else ():
        if isinstance(item, Scalar):
            result.dependencies.append(text_of(item, mapped))
        elif isinstance(item, Mapping) and isinstance(pip := get(item, "pip"), Sequence):
            result.pip.extend(text_of(entry, mapped) for entry in pip.value if isinstance(entry, Scalar))
        else:
            result.unread = f"line {mapped.span(item.start_mark.index, item.start_mark.index + 1).location.line}"
    return result
