"""What is told of the repairs that were made: of several that wrote the same words, the one whose words stand there."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from amlcheck.dockerfile.source import Source
from amlcheck.fixing.edits import Placed, moved
from amlcheck.fixing.proving import Change
from amlcheck.fixing.workspace import Item
from amlcheck.model import Location, Repair
from amlcheck.records import dataclass, field, replace

Written = tuple[str, int, int]
"""A file's real path, and where the words of an edit begin and end in it by now."""


@dataclass(frozen=True)
class Fixed:
    """A repair that was made."""

    subject: str
    repair: Repair
    items: tuple[Item, ...]
    """What it made go away."""


@dataclass
class Announced:
    """The repairs that were made, in their order, with what each wrote."""

    fixed: list[Fixed] = field(default_factory=list)
    _written: list[list[Written]] = field(default_factory=list)

    def add(
        self, name: str, chosen: Collection[tuple[Repair, list[Item]]], change: Change, real: Callable[[str], str]
    ) -> None:
        """Takes repairs of a subject that were made with one change. `real`: the real path of one that is shown."""
        edits = {real(path): list(placed) for path, placed in change.edits.items()}
        kept: list[tuple[Fixed, list[Written]]] = []
        replaced: list[tuple[Fixed, list[Written]]] = []
        for fixed, spans in zip(self.fixed, self._written, strict=True):
            words = [span for span in spans if span[1] < span[2]]
            over = bool(words) and all(_is_met(span, edits.get(span[0], ())) for span in words)
            if over:
                replaced.append((fixed, spans))
            else:
                kept.append((fixed, [_moved(span, edits.get(span[0], ())) for span in spans]))
        for repair, items in chosen:
            own = [(real(edit.location.path), _in(change, edit.location, edit.text)) for edit in repair.edits]
            before = [(path, placed) for path, placed in own if placed is not None]
            said = list(items)
            for entry in list(replaced):
                if any(_is_met(span, [placed for path, placed in before if path == span[0]]) for span in entry[1]):
                    replaced.remove(entry)
                    said = [*(item for item in entry[0].items if item not in said), *said]
            spans = [
                (path, start, start + len(placed[2]))
                for path, placed in before
                for start in [_start(placed, edits[path])]
            ]
            kept.append((Fixed(name, repair, tuple(said)), spans))
        self.fixed[:] = [fixed for fixed, _ in kept]
        self._written[:] = [spans for _, spans in kept]

    def credit(self, items: Collection[Item], repaired: Callable[[Item], Location | None], last: int) -> None:
        """Says of items that went away besides that one of the `last` repairs did it: the one at the place of their own."""
        for item in items:
            there = repaired(item)
            own = range(len(self.fixed) - last, len(self.fixed))
            at = next((at for at in own if _is_at(self.fixed[at].repair, there)), own[0])
            self.fixed[at] = replace(self.fixed[at], items=(*self.fixed[at].items, item))


def _is_at(repair: Repair, place: Location | None) -> bool:
    return place is not None and any(
        edit.location.path == place.path and edit.location.line == place.line for edit in repair.edits
    )


def _in(change: Change, place: Location, words: str) -> Placed | None:
    """An edit of a change, by its offsets."""
    source = Source(place.path, change.texts[place.path])
    start, end = source.offset(place.line, place.column), source.offset(place.end_line, place.end_column)
    return (start, end, words) if start is not None and end is not None else None


def _is_met(span: Written, edits: Sequence[Placed]) -> bool:
    """Whether one of the edits changes some of these words."""
    _, first, last = span
    return any(start < last and (end > first if end > start else start > first) for start, end, _ in edits)


def _moved(span: Written, edits: Sequence[Placed]) -> Written:
    path, start, end = span
    return path, moved(start, edits), moved(end, edits)


def _start(placed: Placed, edits: Sequence[Placed]) -> int:
    """Where the words of one of the edits begin once all are made."""
    return placed[0] + sum(len(words) - (end - start) for start, end, words in edits if (start, end) < placed[:2])
