"""What the explorer shows: the report, the screens that were stepped into, the filter, and what is being asked."""

from __future__ import annotations

from collections.abc import Sequence

from amlcheck.explorer.items import FINDING, Filter, Item, Items, Visible, items_of, visible
from amlcheck.model import COMPONENTS, Report, SubjectReport, Verdict
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

    key: str
    """Of the item that it is to make go away."""


@dataclass(frozen=True)
class ApplyAll:
    """To do: write all safe repairs of some subjects."""

    subjects: tuple[int, ...]


Effect = Quit | Recheck | Redraw | Apply | ApplyAll


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
    looked: frozenset[int] = frozenset()
    """The subjects whose repairs were looked for."""

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

    @property
    def visible(self) -> Visible:
        """What the filter lets through."""
        return visible(self.items, self.filter)

    def shown(self, within: Listing) -> Sequence[Item]:
        """The items of a list that the filter lets through."""
        found = self.visible.all if within.subject is None else self.visible.of.get(within.subject, ())
        return tuple(item for item in found if item.kind == FINDING) if within.findings_only else found

    def current(self) -> int | None:
        """The subject that the cursor is on."""
        for screen in reversed(self.screens):
            if isinstance(screen, Detail):
                item = self.find(screen.key)
                return item.subject if item is not None else None
            if isinstance(screen, Listing):
                items = self.shown(screen)
                return items[screen.row].subject if screen.row < len(items) else screen.subject
            if isinstance(screen, Matrix):
                subjects = self.subjects()
                return subjects[screen.row] if screen.row < len(subjects) else None
        return None

    def find(self, key: str) -> Item | None:
        return self.items.by_key.get(key)

    def subjects(self) -> Sequence[int]:
        """The rows of the matrix: what the filter leaves something of, and what could not be read."""
        return self.visible.subjects

    def columns(self) -> list[str]:
        """The columns of the matrix: the name, the components of which something is shown, findings, the score."""
        found = [NAME, *(name for name in COMPONENTS if name in self.visible.components)]
        if FINDING not in self.filter.hidden and not self.filter.components:
            found.append(FINDINGS)
        if self.items.deployed:
            found.append(SCORE)
        return found


def opened(report: Report, size: Size, can: Abilities) -> State:
    """The first state."""
    state = State(report, items_of(report), size, can=can, message="; ".join(f"note: {note}" for note in report.notes))
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
    new = replace(state, report=report, items=items_of(report), message=message, prompt=None, looked=frozenset())
    count = len(report.subjects)
    kept: list[Screen] = [
        screen
        for screen in state.screens
        if not (isinstance(screen, Detail) and new.find(screen.key) is None)
        and not (isinstance(screen, Listing) and screen.subject is not None and screen.subject >= count)
    ]
    kept = [replace(screen, top=0) if isinstance(screen, Detail) else screen for screen in kept]
    return replace(new, screens=tuple(kept) or (Matrix(),))


def with_subject(state: State, number: int, subject: SubjectReport) -> State:
    """With one subject as it is now that its repairs were looked for."""
    before = state.report.subjects
    state = replace(state, looked=state.looked | {number})
    if subject == before[number]:
        return state
    report = replace(state.report, subjects=(*before[:number], subject, *before[number + 1 :]))
    return replace(state, report=report, items=items_of(report))
