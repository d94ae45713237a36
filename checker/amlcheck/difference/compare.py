"""From two reports to what changed between them.

*Worse* is what makes the newer run fail and did not the older one, by the newer run's own measure: `--fail-on`,
`--allow-undecided`, ignores and its baseline. Figures that vary by themselves (times, latencies) are told and never worse.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator

from amlcheck import __version__
from amlcheck.difference import deployments
from amlcheck.difference.model import (
    Changed,
    Course,
    Difference,
    FindingChange,
    Pair,
    RequirementChange,
    SubjectDifference,
)
from amlcheck.difference.pairing import paired
from amlcheck.fingerprint import fingerprinted
from amlcheck.judge import counts
from amlcheck.model import COMPONENTS, Finding, Judgement, Report, SubjectReport, Verdict
from amlcheck.records import replace

_BAD = {Verdict.MET: 0, Verdict.NOT_APPLICABLE: 0, Verdict.UNDECIDED: 1, Verdict.VIOLATED: 2}


def compare(old: Report, new: Report) -> Difference:
    """All that changed from one report to another."""
    pairs, gone, added = paired(old.subjects, new.subjects)
    by_new = {id(pair.new): pair for pair in pairs}
    only_new = {id(report) for report in added}
    subjects = []
    for report in new.subjects:
        if id(report) in only_new:
            subjects.append(_one_sided(report, old, new, is_new=True))
        else:
            subjects.append(_pair(by_new[id(report)], old, new))
    subjects += [_one_sided(report, old, new, is_new=False) for report in gone]
    return Difference(old, new, tuple(_runs(old, new)), tuple(subjects))


def _runs(old: Report, new: Report) -> Iterator[Changed]:
    yield from _if_other("profile", old.profile, new.profile)
    yield from _if_other("flavour", old.flavour or "none", new.flavour or "none")
    yield from _if_other("amlcheck", old.made_by or __version__, new.made_by or __version__)
    fails = [report.fail_on.label if report.fail_on is not None else "never" for report in (old, new)]
    yield from _if_other("fail-on", fails[0], fails[1])


def _if_other(what: str, old: str, new: str, course: Course = Course.OTHER) -> Iterator[Changed]:
    if old != new:
        yield Changed(what, old, new, course)


def _pair(pair: Pair, old: Report, new: Report) -> SubjectDifference:
    return SubjectDifference(
        old=pair.old,
        new=pair.new,
        why=pair.why,
        facts=tuple(_facts(pair.old, pair.new)),
        requirements=tuple(_requirements(pair.old, pair.new, old, new)),
        findings=tuple(_findings(pair.old, pair.new, old, new)),
        deployment=_deployments(pair.old, pair.new, new),
        limits=tuple(note for note in pair.new.notes if note not in pair.old.notes),
    )


def _one_sided(report: SubjectReport, old: Report, new: Report, is_new: bool) -> SubjectDifference:
    """A subject that only one of the results has: what bears on the exit code there."""
    nothing = SubjectReport(report.subject, report.kind)
    before, after = (nothing, report) if is_new else (report, nothing)
    bad = [change for change in _requirements(before, after, old, new) if _is_bad(change.new or change.old)]
    if not is_new:
        bad = [RequirementChange(change.component, change.old, None, Course.OTHER) for change in bad]
    findings = _findings(before, after, old, new)
    if not is_new:  # what is gone with its file was not corrected
        findings = [FindingChange(change.old, None, Course.OTHER) for change in findings]
    error = Changed("error", "", report.error, Course.WORSE) if is_new and report.error else None
    return SubjectDifference(
        old=None if is_new else report,
        new=report if is_new else None,
        facts=(error,) if error is not None else (),
        requirements=tuple(bad),
        findings=tuple(findings),
        deployment=_deployments(before, after, new) if is_new else (),
    )


def _deployments(before: SubjectReport, after: SubjectReport, new: Report) -> tuple[Changed, ...]:
    changes = deployments.compare(before.deployment, after.deployment)
    if new.fail_on is not None:
        return tuple(changes)
    return tuple(replace(change, course=Course.OTHER) for change in changes)


def _is_bad(item: Judgement | None) -> bool:
    return item is not None and _BAD[item.verdict] > 0


def _facts(old: SubjectReport, new: SubjectReport) -> Iterator[Changed]:
    for key in dict.fromkeys((*old.about, *new.about)):
        yield from _if_other(key, old.about.get(key, "not known"), new.about.get(key, "not known"))
    if bool(old.error) is not bool(new.error):
        yield Changed("error", old.error, new.error, Course.WORSE if new.error else Course.BETTER)


def _requirements(before: SubjectReport, after: SubjectReport, old: Report, new: Report) -> Iterator[RequirementChange]:
    olds = {item.component: item for item in before.judgements}
    news = {item.component: item for item in after.judgements}
    if before.error or after.error:
        return
    names = [*COMPONENTS, *(name for name in dict.fromkeys((*olds, *news)) if name not in COMPONENTS)]
    for name in names:
        was, now = olds.get(name), news.get(name)
        if was is None and now is None:
            continue
        if was is not None and now is not None and _same(was, now):
            continue
        yield RequirementChange(name, was, now, _verdicts_course(was, now, old, new))


def _verdicts_course(was: Judgement | None, now: Judgement | None, old: Report, new: Report) -> Course:
    """Which way it went. What is no longer asked, or is ignored now, was not corrected."""
    course = _course(_weight(was, old), _weight(now, new))
    if course is not Course.BETTER:
        return course
    corrected = was is not None and now is not None and _BAD[now.verdict] < _BAD[was.verdict]
    return course if corrected and now is not None and now.verdict is not Verdict.NOT_APPLICABLE else Course.OTHER


def _same(old: Judgement, new: Judgement) -> bool:
    if old.verdict is new.verdict is Verdict.NOT_APPLICABLE:
        return old.found == new.found
    waived = old.waiver is None, new.waiver is None
    mine = old.verdict, old.found, old.expected, old.severity, waived[0]
    return mine == (new.verdict, new.found, new.expected, new.severity, waived[1])


def _weight(item: Judgement | None, report: Report) -> int:
    """How bad a verdict is for the exit code of its run: 0 fine, 1 undecided, 2 violated."""
    if item is None or not counts(report, item):
        return 0
    if item.verdict is Verdict.UNDECIDED and report.allow_undecided:
        return 0
    return _BAD[item.verdict]


def _course(old: int, new: int) -> Course:
    return Course.WORSE if new > old else Course.BETTER if new < old else Course.OTHER


def _findings(before: SubjectReport, after: SubjectReport, old: Report, new: Report) -> list[FindingChange]:
    """Findings that are new or gone; the same fingerprint is the same finding, and so are the same words of the same rule."""
    if before.error or after.error:
        return []
    same, gone, added = _matched(before, after)
    changes = []
    for was, now in same:
        if (was.severity, was.waiver is None) != (now.severity, now.waiver is None):
            worse = counts(new, now) and not counts(old, was)
            changes.append(FindingChange(was, now, Course.WORSE if worse else Course.OTHER))
    changes += [FindingChange(None, item, Course.WORSE if counts(new, item) else Course.OTHER) for item in added]
    changes += [FindingChange(item, None, Course.BETTER if counts(old, item) else Course.OTHER) for item in gone]
    order = {Course.WORSE: 0, Course.OTHER: 1, Course.BETTER: 2}
    return sorted(changes, key=lambda change: (order[change.course], -change.finding.severity, change.finding.rule))


def _matched(
    before: SubjectReport, after: SubjectReport
) -> tuple[list[tuple[Finding, Finding]], list[Finding], list[Finding]]:
    """The findings of both, those only of the older, and those only of the newer."""
    olds, news = list(_with_fingerprints(before)), list(_with_fingerprints(after))
    same: list[tuple[Finding, Finding]] = []
    for by_words in (False, True):
        waiting: dict[object, deque[tuple[Finding, str]]] = defaultdict(deque)
        for item in olds:
            waiting[_words(item[0]) if by_words else item[1]].append(item)
        left = []
        for finding, fingerprint in news:
            found = waiting[_words(finding) if by_words else fingerprint]
            if found:
                same.append((found.popleft()[0], finding))
            else:
                left.append((finding, fingerprint))
        kept = {id(item) for items in waiting.values() for item in items}
        olds, news = [item for item in olds if id(item) in kept], left
    return same, [finding for finding, _ in olds], [finding for finding, _ in news]


def _words(finding: Finding) -> tuple[str, str]:
    return finding.rule, finding.message


def _with_fingerprints(report: SubjectReport) -> Iterable[tuple[Finding, str]]:
    return ((item, made) for item, made in fingerprinted(report) if isinstance(item, Finding))
