"""What the explorer walks through: every verdict, finding and deployment of a report, in the order of what matters."""

from __future__ import annotations

from collections import Counter
from functools import cached_property, lru_cache

from amlcheck.deployment.model import Deployment
from amlcheck.model import (
    COMPONENTS,
    Finding,
    Judgement,
    Repair,
    Report,
    Severity,
    SubjectReport,
    Verdict,
    Waiver,
)
from amlcheck.records import dataclass
from amlcheck.report.harmless import plain

FINDING, DEPLOYMENT = "finding", "deployment"
KINDS = (
    Verdict.VIOLATED.value,
    Verdict.UNDECIDED.value,
    FINDING,
    Verdict.MET.value,
    Verdict.NOT_APPLICABLE.value,
)
"""What can be shown and hidden."""


@dataclass(frozen=True)
class Item:
    """One thing that can be stepped into."""

    subject: int
    """Which of the report's subjects."""
    what: Judgement | Finding | Deployment
    key: str
    """What tells it from others, the same after the subject was checked again."""

    @property
    def kind(self) -> str:
        """One of KINDS, or "deployment"."""
        if isinstance(self.what, Judgement):
            return self.what.verdict.value
        return FINDING if isinstance(self.what, Finding) else DEPLOYMENT

    @property
    def rule(self) -> str:
        if isinstance(self.what, Deployment):
            return "AML501" if self.what.failure is not None else ""
        return line(self.what.rule)

    @property
    def severity(self) -> Severity:
        if isinstance(self.what, Deployment):
            return Severity.ERROR if self.what.failure else Severity.INFO
        return self.what.severity

    @property
    def repair(self) -> Repair | None:
        return None if isinstance(self.what, Deployment) else self.what.repair

    @property
    def waiver(self) -> Waiver | None:
        return None if isinstance(self.what, Deployment) else self.what.waiver

    @property
    def component(self) -> str:
        return self.what.component if isinstance(self.what, Judgement) else ""

    @cached_property
    def searched(self) -> str:
        """What a search looks at."""
        return f"{self.rule} {self.message}".casefold()

    @cached_property
    def message(self) -> str:
        """What is to be known of it, in one line, of any length."""
        if isinstance(self.what, Judgement) and self.what.verdict is Verdict.MET:
            return line(f"{self.what.component} {self.what.found}, expected {self.what.expected}: {self.what.reason}")
        if isinstance(self.what, Judgement):
            return line(f"{self.what.component}: {self.what.reason}")
        if isinstance(self.what, Finding):
            return line(self.what.message)
        failure = self.what.failure
        if failure is not None:
            return line(f"test deployment: {failure.stage.value} was not reached: {failure.cause}")
        reached = self.what.reached
        return f"test deployment: {reached.value if reached is not None else 'nothing was reached'}"

    @property
    def rank(self) -> int:
        """What is wrong first, then what is open, then what is well."""
        if self.waiver is not None:
            return 7
        if isinstance(self.what, Deployment):
            return 0 if self.what.failure else 6
        if isinstance(self.what, Finding):
            return {Severity.ERROR: 1, Severity.WARNING: 4, Severity.INFO: 5}[self.what.severity]
        return {Verdict.VIOLATED: 0, Verdict.UNDECIDED: 3, Verdict.MET: 8, Verdict.NOT_APPLICABLE: 9}[self.what.verdict]


@dataclass(frozen=True)
class Filter:
    """What is shown."""

    least: Severity = Severity.INFO
    hidden: frozenset[str] = frozenset({Verdict.NOT_APPLICABLE.value})
    """Of KINDS."""
    components: frozenset[str] = frozenset()
    """Only these; all where it is empty."""
    text: str = ""
    """What a subject's name, a rule or a message contains; case makes no difference."""

    @property
    def told(self) -> str:
        """In words; empty where everything usual is shown."""
        parts = []
        if self.least is not Severity.INFO:
            parts.append("errors only" if self.least is Severity.ERROR else "no infos")
        if self.components:
            parts.append(" ".join(name for name in COMPONENTS if name in self.components))
        usual = Filter().hidden
        if self.hidden - usual:
            parts.append(f"without {', '.join(kind for kind in KINDS if kind in self.hidden - usual)}")
        if usual - self.hidden:
            parts.append("with what is not asked")
        if self.text:
            parts.append(f"/{self.text}")
        return "; ".join(parts)

    def shows(self, item: Item, name: str) -> bool:
        """Whether an item of the subject of that name is shown."""
        if item.kind in self.hidden or (item.severity < self.least and item.kind != DEPLOYMENT):
            return False
        if self.components and item.component not in self.components:
            return False
        wanted = self.text.casefold()
        return not wanted or wanted in item.searched or wanted in name.casefold()


def tickable() -> list[tuple[str, str]]:
    """What can be ticked: the kind of filter and its name."""
    rows = [("severity", severity.label) for severity in (Severity.INFO, Severity.WARNING, Severity.ERROR)]
    rows += [("kind", kind) for kind in KINDS]
    return rows + [("component", name) for name in COMPONENTS]


@dataclass(frozen=True, eq=False)
class Items:
    """All of a report."""

    all: tuple[Item, ...]
    """In the order of what matters."""
    names: tuple[str, ...]
    """Of the subjects."""
    errors: tuple[str, ...]
    """Why a subject could not be read; empty where it could."""
    cells: dict[tuple[int, str], Item]
    """The verdict of a subject on a component."""
    by_key: dict[str, Item]
    wrong: dict[str, int]
    """How many are violated and undecided, and count."""
    deployed: bool
    """Whether there is a test deployment."""


@dataclass(frozen=True, eq=False)
class Visible:
    """What a filter lets through."""

    all: tuple[Item, ...]
    of: dict[int, tuple[Item, ...]]
    """By subject."""
    subjects: tuple[int, ...]
    """Those with something to show, and those that could not be read."""
    components: frozenset[str]


@lru_cache(maxsize=8)
def visible(items: Items, chosen: Filter) -> Visible:
    """What is shown of all; the same is asked many times between two keys."""
    shown = tuple(item for item in items.all if chosen.shows(item, items.names[item.subject]))
    of: dict[int, list[Item]] = {}
    for item in shown:
        of.setdefault(item.subject, []).append(item)
    wanted = chosen.text.casefold()
    subjects = tuple(
        number
        for number, (name, error) in enumerate(zip(items.names, items.errors, strict=True))
        if number in of or not chosen.told or (error and wanted in f"{name} {error}".casefold())
    )
    return Visible(
        shown,
        {number: tuple(found) for number, found in of.items()},
        subjects,
        frozenset(item.component for item in shown if item.component),
    )


def items_of(report: Report) -> Items:
    """Everything in a report."""
    found = [item for number, subject in enumerate(report.subjects) for item in _of(number, subject)]
    found.sort(key=lambda item: item.rank)  # stable: subjects and lines keep their order
    wrong = Counter(item.kind for item in found if item.waiver is None)
    return Items(
        all=tuple(found),
        names=tuple(subject.subject for subject in report.subjects),
        errors=tuple(subject.error for subject in report.subjects),
        cells={(item.subject, item.component): item for item in found if item.component},
        by_key={item.key: item for item in found},
        wrong={kind: wrong[kind] for kind in KINDS[:2]},
        deployed=any(subject.deployment is not None for subject in report.subjects),
    )


def _of(number: int, subject: SubjectReport) -> list[Item]:
    found = [Item(number, one, f"{subject.subject}\0{one.component}") for one in subject.judgements]
    seen: Counter[str] = Counter()
    for finding in subject.findings:
        key = f"{subject.subject}\0{finding.rule}\0{finding.message}"
        found.append(Item(number, finding, f"{key}\0{seen[key]}"))
        seen[key] += 1
    if subject.deployment is not None:
        found.append(Item(number, subject.deployment, f"{subject.subject}\0{DEPLOYMENT}"))
    return found


def line(text: str) -> str:
    """Text of anybody's as one line that does nothing to a terminal."""
    return " ".join(plain(text).split("\n")).rstrip()
