"""The words of a difference. All of it is frozen and does no I/O."""

from __future__ import annotations

from enum import Enum

from amlcheck.model import Finding, Judgement, Report, SubjectReport
from amlcheck.records import dataclass


class Course(Enum):
    """Which way a change goes."""

    WORSE = "worse"
    """It makes the newer run fail, and did not the older one."""
    BETTER = "better"
    """It made the older run fail, and was corrected: what is ignored or not asked any more was not."""
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Changed:
    """Something that has a name and two values."""

    what: str
    """The name: "profile", "digest", "p95"."""
    old: str
    new: str
    course: Course = Course.OTHER


@dataclass(frozen=True, slots=True)
class RequirementChange:
    """A requirement whose verdict, value or expectation changed; None where one of the results has no word on it."""

    component: str
    old: Judgement | None
    new: Judgement | None
    course: Course


@dataclass(frozen=True, slots=True)
class FindingChange:
    """A finding that is new or gone, or whose severity or waiver changed."""

    old: Finding | None
    new: Finding | None
    course: Course

    @property
    def finding(self) -> Finding:
        found = self.new or self.old
        assert found is not None
        return found


@dataclass(frozen=True, slots=True)
class Pair:
    """Two reports that are said to be on the same, and why."""

    old: SubjectReport
    new: SubjectReport
    why: str = ""
    """Empty where both have the same name."""


@dataclass(frozen=True, slots=True)
class SubjectDifference:
    """What changed in one subject; one of the two is None where it was added or removed."""

    old: SubjectReport | None
    new: SubjectReport | None
    why: str = ""
    """Why two of different names are taken for the same; empty for the same name."""
    facts: tuple[Changed, ...] = ()
    """Of the subject itself: digest, platform, whether it could be read."""
    requirements: tuple[RequirementChange, ...] = ()
    findings: tuple[FindingChange, ...] = ()
    deployment: tuple[Changed, ...] = ()
    limits: tuple[str, ...] = ()
    """Notes that only the newer one has: what limits what is said now."""

    @property
    def subject(self) -> SubjectReport:
        found = self.new or self.old
        assert found is not None
        return found

    @property
    def is_change(self) -> bool:
        """Whether anything is to be told; that two have different names alone is."""
        return bool(
            self.old is None
            or self.new is None
            or self.why
            or self.facts
            or self.requirements
            or self.findings
            or self.deployment
            or self.limits
        )

    @property
    def courses(self) -> tuple[Course, ...]:
        told = [change.course for change in (*self.facts, *self.deployment)]
        told += [change.course for change in self.requirements]
        return (*told, *(change.course for change in self.findings))


@dataclass(frozen=True, slots=True)
class Difference:
    """All that changed between two results."""

    old: Report
    new: Report
    run: tuple[Changed, ...] = ()
    """Of the runs themselves: profile, flavour, version."""
    subjects: tuple[SubjectDifference, ...] = ()
    """Every subject of both, in the order of the newer result, then those that are gone."""

    @property
    def changed(self) -> tuple[SubjectDifference, ...]:
        return tuple(subject for subject in self.subjects if subject.is_change)

    def count(self, course: Course) -> int:
        return sum(subject.courses.count(course) for subject in self.subjects)
