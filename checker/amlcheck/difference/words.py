"""Changes in words, the same for every format. What comes from files and images is as hostile as it was: formats escape it."""

from __future__ import annotations

from amlcheck.difference.model import Course, Difference, FindingChange, RequirementChange, SubjectDifference
from amlcheck.model import Finding, Judgement, Verdict, Waiver

ARROW = "->"


def requirement(change: RequirementChange, arrow: str = ARROW) -> str:
    """What became of a requirement: "3.7 -> 3.5, met -> violated: 3.5 is not >=3.6"."""
    old, new = change.old, change.new
    if old is None or new is None:
        item = new or old
        assert item is not None
        told = f"{item.found or 'not known'}, {verdict(item)}"
        return f"{told}{_why(new)}" if new is not None else f"{told} before, not judged now"
    parts = []
    if old.found != new.found:
        parts.append(f"{old.found or 'not known'} {arrow} {new.found or 'not known'}")
    if old.verdict is not new.verdict:
        parts.append(f"{verdict(old)} {arrow} {verdict(new)}")
    asked = Verdict.NOT_APPLICABLE not in (old.verdict, new.verdict)
    if asked and old.expected != new.expected:
        parts.append(f"expected {old.expected or 'nothing'} {arrow} {new.expected or 'nothing'}")
    if asked and old.severity is not new.severity:
        parts.append(f"{old.severity.label} {arrow} {new.severity.label}")
    parts += waivers(old, new)
    return ", ".join(parts) + (_why(new) if old.verdict is not new.verdict else "")


def verdict(item: Judgement) -> str:
    return item.verdict.value.replace("-", " ")


def _why(item: Judgement) -> str:
    return f": {item.reason}" if item.verdict is not Verdict.MET else ""


def waivers(old: Judgement | Finding, new: Judgement | Finding) -> list[str]:
    """What became of ignoring it."""
    if (old.waiver is None) is (new.waiver is None):
        return []
    if new.waiver is not None:
        return [f"now {waived(new.waiver)}"]
    assert old.waiver is not None
    return [f"no longer {waived(old.waiver)}"]


def waived(waiver: Waiver) -> str:
    if waiver.by == "baseline":
        return "in the baseline"
    until = f" until {waiver.until}" if waiver.until else ""
    return f"ignored{until} ({waiver.reason})"


def finding(change: FindingChange, arrow: str = ARROW) -> str:
    """What became of a finding: that it is new or gone, or of another severity, or ignored."""
    if change.old is None:
        assert change.new is not None
        return f"new, {waived(change.new.waiver)}" if change.new.waiver is not None else "new"
    if change.new is None:
        return "gone"
    parts = []
    if change.old.severity is not change.new.severity:
        parts.append(f"{change.old.severity.label} {arrow} {change.new.severity.label}")
    return ", ".join([*parts, *waivers(change.old, change.new)])


def place(item: Finding) -> str:
    """Where it is; empty for a finding without a place."""
    return f"{item.location.path}:{item.location.line}" if item.location is not None else ""


def title(subject: SubjectDifference) -> str:
    """The name of a subject, both where they differ, and what became of it."""
    if subject.old is None:
        return f"added: {subject.subject.subject}"
    if subject.new is None:
        return f"removed: {subject.subject.subject}"
    if subject.why:
        return f"{subject.old.subject} {ARROW} {subject.new.subject} ({subject.why})"
    return subject.new.subject


def went_with(subject: SubjectDifference) -> str:
    """What a subject that is gone took with it, in numbers; empty for nothing."""
    bad = len(subject.requirements)
    parts = [
        f"{bad} requirement{'s' if bad != 1 else ''} not met" if bad else "",
        f"{len(subject.findings)} finding{'s' if len(subject.findings) != 1 else ''}" if subject.findings else "",
    ]
    return " and ".join(part for part in parts if part)


def summary(difference: Difference) -> str:
    """All of it in one line."""
    if not difference.run and not difference.changed:
        return f"nothing changed in {_subjects(len(difference.subjects))}"
    counted = [
        f"{difference.count(Course.WORSE)} worse",
        f"{difference.count(Course.BETTER)} better",
        f"{difference.count(Course.OTHER) + len(difference.run)} other",
    ]
    same = len(difference.subjects) - len(difference.changed)
    return ", ".join(counted) + (f"; nothing changed in {_subjects(same)}" if same else "")


def _subjects(count: int) -> str:
    return f"{count} subject{'s' if count != 1 else ''}"
