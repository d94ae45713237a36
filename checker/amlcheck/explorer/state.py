"""What the explorer shows: the report, the screens that were stepped into, the filter, and what is being asked."""

from __future__ import annotations

from collections.abc import Sequence

from amlcheck.explorer.items import FINDING, Filter, Item, Items, items_of
from amlcheck.model import COMPONENTS, Repair, Report, Verdict
from amlcheck.records import dataclass, field, replace

NAME, FINDINGS, SCORE = "subject", "findings", "score"
"""The columns of the matrix beside the components."""
MIN_COLUMNS, MIN_ROWS = 20, 5


@dataclass(frozen=True)
class Size:
    """Of the screen, in cells."""

    columns: int = 80
    rows: int = 24


@dataclass(frozen=True)
class Matrix:
    """Subjects by requirements."""

    row: int = 0
    column: str = NAME
    top: int = 0


@dataclass(frozen=True)
class Listing:
    """Verdicts and findings, of one subject or of all."""

    subject: int | None = None
    findings_only: bool = False
    row: int = 0
    top: int = 0


@dataclass(frozen=True)
class Detail:
    """One of them."""

    key: str
    within: Listing
    """The list that the next and the one before are of."""
    top: int = 0
    find: str = ""


@dataclass(frozen=True)
class Help:
    """The keys."""

    top: int = 0


@dataclass(frozen=True)
class Panel:
    """What is shown, to be ticked."""

    row: int = 0
    top: int = 0


Screen = Matrix | Listing | Detail | Help | Panel


@dataclass(frozen=True)
class Quit:
    """To do: end."""


@dataclass(frozen=True)
class Recheck:
    """To do: check everything again."""


@dataclass(frozen=True)
class Redraw:
    """To do: draw the whole screen again."""


@dataclass(frozen=True)
class Apply:
    """To do: write a repair into the files."""

    subject: int
    repair: Repair
    key: str
    """Of the item that it is to make go away."""


Effect = Quit | Recheck | Redraw | Apply


@dataclass(frozen=True)
class Search:
    """A text is being typed."""

    text: str
    before: str
    """What to return to."""


@dataclass(frozen=True)
class Confirm:
    """Something is done only where "y" is the answer."""

    question: str
    effect: Effect


@dataclass(frozen=True)
class Abilities:
    """What can be done beside looking."""

    apply: bool = False
    why_not: str = "nothing can be changed from here"
    ask_always: bool = False
    """Safe repairs are asked about too: the result they are from may be anybody's."""
    recheck: bool = False


@dataclass(frozen=True)
class State:
    """All of it."""

    report: Report
    items: Items
    size: Size = Size()
    screens: tuple[Screen, ...] = (Matrix(),)
    """The last one is seen."""
    filter: Filter = field(default_factory=Filter)
    prompt: Search | Confirm | None = None
    message: str = ""
    can: Abilities = field(default_factory=Abilities)

    @property
    def screen(self) -> Screen:
        return self.screens[-1]

    def showing(self, screen: Screen) -> State:
        """With the screen that is seen replaced."""
        return replace(self, screens=(*self.screens[:-1], screen))

    def opening(self, screen: Screen) -> State:
        return replace(self, screens=(*self.screens, screen))

    def name(self, item: Item) -> str:
        return self.report.subjects[item.subject].subject

    def shown(self, within: Listing) -> list[Item]:
        """The items of a list that the filter lets through."""
        return [
            item
            for item in self.items.all
            if (within.subject is None or item.subject == within.subject)
            and (not within.findings_only or item.kind == FINDING)
            and self.filter.shows(item, self.name(item))
        ]

    def find(self, key: str) -> Item | None:
        return next((item for item in self.items.all if item.key == key), None)

    def subjects(self) -> list[int]:
        """The rows of the matrix: what the filter leaves something of, and what could not be read."""
        if not self.filter.told:
            return list(range(len(self.report.subjects)))
        kept = {item.subject for item in self.items.all if self.filter.shows(item, self.name(item))}
        wanted = self.filter.text.casefold()
        return [
            number
            for number, subject in enumerate(self.report.subjects)
            if number in kept or (subject.error and wanted in f"{subject.subject} {subject.error}".casefold())
        ]

    def columns(self) -> list[str]:
        """The columns of the matrix: the name, the components of which something is shown, findings, the score."""
        shown = {item.component for item in self.items.all if self.filter.shows(item, self.name(item))}
        found = [NAME, *(name for name in COMPONENTS if name in shown)]
        if FINDING not in self.filter.hidden and not self.filter.components:
            found.append(FINDINGS)
        if any(subject.deployment is not None for subject in self.report.subjects):
            found.append(SCORE)
        return found


def opened(report: Report, size: Size, can: Abilities) -> State:
    """The first state."""
    state = State(report, items_of(report), size, can=can)
    return state.showing(Matrix(column=first_wrong(state)))


def first_wrong(state: State) -> str:
    """The column of the first subject with something wrong in it, to begin at."""
    for verdict in (Verdict.VIOLATED, Verdict.UNDECIDED):
        for name in state.columns()[1:]:
            cell = state.items.cells.get((0, name))
            if cell is not None and cell.kind == verdict.value and cell.waiver is None:
                return name
    return NAME


def checked_again(state: State, report: Report, message: str) -> State:
    """The same screens on a new report; those of what is gone are left."""
    new = replace(state, report=report, items=items_of(report), message=message, prompt=None)
    count = len(report.subjects)
    kept: Sequence[Screen] = [
        screen
        for screen in state.screens
        if not (isinstance(screen, Detail) and new.find(screen.key) is None)
        and not (isinstance(screen, Listing) and screen.subject is not None and screen.subject >= count)
    ]
    return replace(new, screens=tuple(kept) or (Matrix(),))
