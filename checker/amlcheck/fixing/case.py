"""What a rule is given to repair: one violation or finding, and all that is known around it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from amlcheck.data_files import read_data
from amlcheck.dockerfile.source import Source, Span
from amlcheck.fixing.edits import span_at
from amlcheck.knowledge import Knowledge
from amlcheck.model import Edit, Finding, Judgement, Location, Repair, Requirement
from amlcheck.records import dataclass, field

if TYPE_CHECKING:
    from amlcheck.dockerfile.built import Built
    from amlcheck.environment.environment import Environment


class Remedies:
    """rules/remedies.toml: which tag, image or version a repair writes where its author has not said one."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @cached_property
    def data(self) -> dict[str, Any]:
        return read_data(self._folder / "remedies.toml")


@dataclass(frozen=True)
class Case:
    """One violation or finding that is to be repaired."""

    item: Judgement | Finding
    knowledge: Knowledge
    remedies: Remedies
    texts: Mapping[str, str]
    """Every file that was read for the report, as locations count in it."""
    built: Built | None = None
    """What the Dockerfile builds, where the item is about one."""
    environment: Environment | None = None
    """The environment, where the item is about one; of several in a file each is asked."""
    requirements: Mapping[str, Requirement] = field(default_factory=dict)
    """What the profile asks, by component."""
    _sources: dict[str, Source] = field(default_factory=dict)

    @property
    def image(self) -> Built:
        assert self.built is not None
        return self.built

    @property
    def beside(self) -> Environment:
        assert self.environment is not None
        return self.environment

    @property
    def location(self) -> Location | None:
        """Where a finding is."""
        return self.item.location if isinstance(self.item, Finding) else None

    def is_at(self, location: Location | None) -> bool:
        """Whether the finding is the one at this place."""
        return location is not None and location == self.location

    def source(self, path: str) -> Source | None:
        """A file that was read."""
        text = self.texts.get(path)
        if text is None:
            return None
        return self._sources.setdefault(path, Source(path, text))

    def span(self, location: Location | None) -> Span | None:
        """The words at a place."""
        source = self.source(location.path) if location is not None else None
        return span_at(source, location) if source is not None and location is not None else None


def safe(title: str, *edits: Edit) -> Repair:
    """A repair after which the image that is built is what its author meant."""
    return Repair(title, edits, True)


def unsafe(title: str, *edits: Edit) -> Repair:
    """A repair that asks to be looked at."""
    return Repair(title, edits, False)
