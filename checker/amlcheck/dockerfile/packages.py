"""The packages of a stage: a list that is only added to, and that finds those of a name, a manager or a place at once.

A file of 10,000 installs asks for one name 10,000 times; looking through all that came before each time is what made
such files slow.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from amlcheck.dockerfile.built import Package


class Packages(list["Package"]):
    """What was installed and removed, in order. An item is replaced only by one of the same name, manager and place."""

    def __init__(self, items: Iterable[Package] = ()) -> None:
        super().__init__(items)
        self._known = 0
        self._names: dict[str, list[int]] = {}
        self._managers: dict[str, list[int]] = {}
        self._places: dict[str, list[int]] = {}
        self._spots: dict[tuple[str, str], list[int]] = {}
        self._prefixes: dict[str, dict[str, None]] = {}

    def numbers(self, name: str) -> list[int]:
        """Where those of a name stand, in order."""
        self._look()
        return self._names.get(name, [])

    def of_name(self, name: str) -> Iterator[Package]:
        """Those of a name, in order."""
        return (self[number] for number in self.numbers(name))

    def of_manager(self, manager: str) -> Iterator[Package]:
        """Those that a manager installed or removed, in order."""
        self._look()
        return (self[number] for number in self._managers.get(manager, ()))

    def of_place(self, place: str) -> Iterator[Package]:
        """Those in one place, in order."""
        self._look()
        return (self[number] for number in self._places.get(place, ()))

    def newest_first(self, name: str, place: str | None = None) -> Iterator[Package]:
        """Those of a name, in one place where that is said, the last first."""
        self._look()
        found = self._names.get(name, ()) if place is None else self._spots.get((name, place), ())
        return (self[number] for number in reversed(found))

    def numbers_at(self, name: str, place: str) -> list[int]:
        """Where those of a name in one place stand, in order."""
        self._look()
        return self._spots.get((name, place), [])

    def places_of(self, manager: str) -> Iterable[str]:
        """The places of all that a manager installed or removed, in the order in which they came."""
        self._look()
        return self._prefixes.get(manager, {}).keys()

    @property
    def places(self) -> Iterable[str]:
        """All places."""
        self._look()
        return self._places.keys()

    def _look(self) -> None:
        """Puts down where the items are that came since the last time."""
        for number in range(self._known, len(self)):
            item = self[number]
            self._names.setdefault(item.name, []).append(number)
            self._managers.setdefault(item.manager, []).append(number)
            self._places.setdefault(item.place, []).append(number)
            self._spots.setdefault((item.name, item.place), []).append(number)
            self._prefixes.setdefault(item.manager, {}).setdefault(item.place)
        self._known = len(self)
