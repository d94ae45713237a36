"""Repairs applied one after the other until nothing more can be done, and repairs attached to a report without applying.

Repairs of different words are tried together first, as that is one check for all of them; where this proves wrong, one
by one. After each the file is read anew, so that no edit is ever made to a text that it was not made for. What others
depend on comes first: words that nobody could read, then the base image and its Python, then the packages that fit it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from amlcheck.dockerfile.source import Source
from amlcheck.fixing.announcing import Announced, Fixed
from amlcheck.fixing.edits import Chosen
from amlcheck.fixing.proving import BASES, REVEALING, gone
from amlcheck.fixing.workspace import Attempt, Item, Workspace
from amlcheck.model import Edit, Finding, Judgement, Location, Repair, SubjectReport
from amlcheck.records import dataclass, field, replace

MAX_ROUNDS = 200
"""Changes of one subject, each of one repair or of many; what is left then is told."""
MAX_TOGETHER = 2000
"""Repairs made together."""
MAX_COMPARED = 12
"""Repairs made together of which it is looked at whether one is needless beside the others."""
MAX_PASSES = 5
"""How often all subjects are gone through: one may read what was repaired for another."""
MAX_SHOWN = 100
"""Items of a subject that a repair is looked for when it is only to be shown; fewer in a long file."""
MAX_READ = 1 << 20
"""Characters of a subject that are read again for that, all items together."""
MAX_LOOKED_AT = 1000
"""Items of a run of which it is told why they are left, or what an unsafe repair would do."""


@dataclass(frozen=True)
class Dropped:
    """A repair that was found and is not made."""

    subject: str
    item: Item
    repair: Repair
    reason: str


@dataclass
class Outcome:
    """What was done, and what might have been."""

    announced: Announced = field(default_factory=Announced)
    dropped: list[Dropped] = field(default_factory=list)
    unsafe: list[Fixed] = field(default_factory=list)
    """What would be repaired besides, were unsafe repairs allowed."""
    files: list[tuple[str, bytes, bytes]] = field(default_factory=list)
    """Each changed file as it is shown, with its bytes before and after."""
    offered: dict[tuple[str, str, str], Repair] = field(default_factory=dict)
    """The first repair that was found of each item: of a subject, by its rule, and its component or message."""

    @property
    def fixed(self) -> list[Fixed]:
        """The repairs whose words stand in the files in the end."""
        return self.announced.fixed


def fix(workspace: Workspace, names: Sequence[str], unsafe: bool) -> Outcome:
    """Repairs all that can be, in memory."""
    outcome = Outcome()
    for _ in range(MAX_PASSES):
        if not [name for name in names if _fix_subject(workspace, name, unsafe, outcome)]:
            break
    left = MAX_LOOKED_AT
    for name in names:
        if left <= 0:
            break
        left -= _what_is_left(workspace, name, unsafe, outcome, left)
    for path, after in workspace.changed.items():
        if workspace.originals[path] != after:
            outcome.files.append((workspace.shown.get(path, path), workspace.originals[path], after))
    return outcome


def _fix_subject(workspace: Workspace, name: str, unsafe: bool, outcome: Outcome) -> bool:
    """Whether something of a subject was repaired."""
    progress = False
    for _ in range(MAX_ROUNDS):
        found = _wanted(workspace, name, unsafe)
        for item, repairs in found:
            outcome.offered.setdefault(_key(name, item), repairs[0])
        if not any(
            _together(workspace, name, part, outcome) or _singly(workspace, name, part, outcome)
            for part in _in_turn(found)
        ):
            break
        progress = True
    return progress


_Found = list[tuple[Item, list[Repair]]]


def _in_turn(found: _Found) -> Iterator[_Found]:
    """What is repaired first, then what else, then all: one that is no good alone may be together with others."""
    for rules in (REVEALING, BASES):
        part = [entry for entry in found if entry[0].rule in rules]
        if part and len(part) < len(found):
            yield part
    yield found


def _key(name: str, item: Item) -> tuple[str, str, str]:
    return name, item.rule, item.component if isinstance(item, Judgement) else item.message


def _wanted(workspace: Workspace, name: str, unsafe: bool) -> _Found:
    """The items of a subject that may be repaired, with their repairs."""
    found: _Found = []
    for item in items_of(workspace.report(name)):
        repairs = [repair for repair in _repairs(workspace, name, item) if repair.safe or unsafe]
        if repairs:
            found.append((item, repairs))
    return found


def items_of(report: SubjectReport) -> list[Item]:
    return [*report.findings, *report.judgements]


def _repairs(workspace: Workspace, name: str, item: Item) -> list[Repair]:
    """The repairs of an item; a rule whose repair fails offers none, and its finding stays."""
    if not workspace.is_repairable(item):
        return []
    try:
        return list(workspace.repairs(name, item))
    except Exception:  # a repair is an offer: the finding that it is for is told all the same
        return []


def _together(workspace: Workspace, name: str, found: _Found, outcome: Outcome) -> bool:
    """Makes the first repair of each item that no other one overlaps, if that proves right."""
    report = workspace.report(name)
    revealing = [entry for entry in found if entry[0].rule in REVEALING]
    found = revealing or found  # what these bring to light must not excuse what the others do
    chosen: dict[tuple[Edit, ...], tuple[Repair, list[Item]]] = {}
    texts = {path: Chosen(Source(path, text)) for path, text in report.sources.items()}
    for item, repairs in found:
        first = repairs[0]
        if first.edits in chosen:
            chosen[first.edits][1].append(item)
        elif _fits(first, texts) and len(chosen) < MAX_TOGETHER:
            chosen[first.edits] = (first, [item])
    if len(chosen) < 2 and sum(len(items) for _, items in chosen.values()) < 2:
        return False
    targets = [item for _, items in chosen.values() for item in items]
    kept = [repair for repair, _ in chosen.values()]
    attempt = workspace.attempt(name, targets, kept)
    if attempt.refused:
        return False
    for repair in reversed(kept) if len(kept) <= MAX_COMPARED else ():
        others = [other for other in kept if other is not repair]
        without = workspace.attempt(name, targets, others) if others else attempt
        if others and not without.refused:  # another one does what it was for
            kept, attempt = others, without
    made = [(repair, items) for repair, items in chosen.values() if repair in kept]
    spare = [item for repair, items in chosen.values() if repair not in kept for item in items]
    made[0][1].extend(spare)
    _make(workspace, name, attempt, made, outcome)
    return True


def _fits(repair: Repair, texts: Mapping[str, Chosen]) -> bool:
    """Takes a repair to those that are chosen, if it overlaps none."""
    by_path: dict[str, list[Edit]] = {}
    for edit in repair.edits:
        by_path.setdefault(edit.location.path, []).append(edit)
    return all(path in texts and texts[path].takes(edits) for path, edits in by_path.items())


def _singly(workspace: Workspace, name: str, found: _Found, outcome: Outcome) -> bool:
    """Makes the first repair that proves right."""
    for item, repairs in found:
        for repair in repairs:
            attempt = workspace.attempt(name, [item], [repair])
            if not attempt.refused:
                _make(workspace, name, attempt, [(repair, [item])], outcome)
                return True
    return False


def _make(
    workspace: Workspace,
    name: str,
    attempt: Attempt,
    chosen: Collection[tuple[Repair, list[Item]]],
    outcome: Outcome,
) -> None:
    before = workspace.report(name)
    workspace.make(attempt, {edit.location.path for repair, _ in chosen for edit in repair.edits})
    outcome.announced.add(name, chosen, attempt.change, workspace.key)
    targets = {item for _, items in chosen for item in items}
    besides = [item for item in gone(before, workspace.report(name), attempt.change) if item not in targets]
    outcome.announced.credit(besides, lambda item: _place(outcome, name, item), len(chosen))


def _place(outcome: Outcome, name: str, item: Item) -> Location | None:
    """Where an item's own repair would have been made, or else where the item is."""
    offered = outcome.offered.get(_key(name, item))
    if offered is not None:
        return offered.edits[0].location
    return item.location if isinstance(item, Finding) else None


def _most(report: SubjectReport) -> int:
    """How many items of a subject are looked at when nothing is to be repaired."""
    size = sum(len(text) for text in report.sources.values())
    return max(3, min(MAX_SHOWN, MAX_READ // max(size, 1)))


def _what_is_left(workspace: Workspace, name: str, unsafe: bool, outcome: Outcome, most: int) -> int:
    """Why repairs were not made, and which ones would be if unsafe ones were allowed; says how many it looked at."""
    report = workspace.report(name)
    items = [item for item in items_of(report) if workspace.is_repairable(item)][: min(_most(report), most)]
    for item in items:
        dropped: Dropped | None = None
        repairs = _repairs(workspace, name, item)
        offered = outcome.offered.get(_key(name, item))
        if not repairs and offered is not None:
            dropped = Dropped(name, item, offered, "another repair changed what it would have changed")
        for repair in repairs:
            attempt = workspace.attempt(name, [item], [repair])
            if attempt.refused:
                if repair.safe or unsafe:
                    dropped = dropped or Dropped(name, item, repair, attempt.refused)
            elif not repair.safe and not unsafe:
                outcome.unsafe.append(Fixed(name, repair, (item,)))
                dropped = None
                break
        if dropped is not None:
            outcome.dropped.append(dropped)
    return len(items)


def with_repairs(workspace: Workspace, report: SubjectReport) -> SubjectReport:
    """A report whose violations and findings have the repairs that proved right, safe or not; nothing is applied."""
    looked_at, most = 0, _most(report)
    repaired: list[Item] = []
    items: list[Item] = [*report.judgements, *report.findings]
    for item in items:
        found: Repair | None = None
        if looked_at < most and workspace.is_repairable(item):
            looked_at += 1
            found = _proved(workspace, report.subject, item)
        repaired.append(replace(item, repair=found) if found is not None else item)
    return replace(
        report,
        judgements=tuple(item for item in repaired if isinstance(item, Judgement)),
        findings=tuple(item for item in repaired if isinstance(item, Finding)),
    )


def _proved(workspace: Workspace, name: str, item: Item) -> Repair | None:
    for repair in _repairs(workspace, name, item):
        if not workspace.attempt(name, [item], [repair]).refused:
            return repair
    return None
