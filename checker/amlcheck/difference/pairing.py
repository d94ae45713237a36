"""Which subjects of two results are the same.

The same name is; anything else has to be shown: the same digest, the same image under another tag, the same end of a path
that nobody else has, all that is said of it, or that each result has no more than this one. What fits several is paired
with none: it is told as removed and added.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Hashable, Sequence
from functools import partial
from pathlib import PurePath

from amlcheck.difference.model import Pair
from amlcheck.model import SubjectReport
from amlcheck.reference import parse_reference

Key = Callable[[SubjectReport], Hashable | None]


def paired(
    old: Sequence[SubjectReport], new: Sequence[SubjectReport]
) -> tuple[list[Pair], list[SubjectReport], list[SubjectReport]]:
    """The pairs, and what is only in the older and only in the newer result."""
    before, after = list(old), list(new)
    pairs = _named(before, after)
    for key, why in _KEYS:
        pairs += _by(key, why, before, after)
    pairs += _only(old, new, before, after)
    return pairs, before, after


def _named(before: list[SubjectReport], after: list[SubjectReport]) -> list[Pair]:
    """Pairs those of the same name, in their order where there are several; takes them out of both lists."""
    waiting: dict[Hashable, deque[SubjectReport]] = {}
    for report in before:
        waiting.setdefault(_name(report), deque()).append(report)
    pairs = []
    left = []
    for report in after:
        same = waiting.get(_name(report))
        if same:
            pairs.append(Pair(same.popleft(), report))
        else:
            left.append(report)
    after[:] = left
    left_over = {id(report) for reports in waiting.values() for report in reports}
    before[:] = [report for report in before if id(report) in left_over]
    return pairs


def _only(
    old: Sequence[SubjectReport], new: Sequence[SubjectReport], before: list[SubjectReport], after: list[SubjectReport]
) -> list[Pair]:
    """Pairs the one that each result has of a kind, whatever it is called: that is what was asked to be compared."""
    counted = Counter(report.kind for report in old), Counter(report.kind for report in new)
    kinds = [kind for kind, count in counted[0].items() if count == counted[1][kind] == 1]

    return [
        pair for kind in kinds for pair in _by(partial(_of_kind, kind), f"each result has one {kind}", before, after)
    ]


def _of_kind(kind: str, report: SubjectReport) -> Hashable | None:
    return kind if report.kind == kind else None


def _by(key: Key, why: str, before: list[SubjectReport], after: list[SubjectReport]) -> list[Pair]:
    """Pairs those that one key tells apart from all others; takes them out of both lists."""
    olds, news = _unique(key, before), _unique(key, after)
    pairs = [Pair(olds[value], report, why) for value, report in news.items() if value in olds]
    taken = {id(pair.old) for pair in pairs} | {id(pair.new) for pair in pairs}
    before[:] = [report for report in before if id(report) not in taken]
    after[:] = [report for report in after if id(report) not in taken]
    return pairs


def _unique(key: Key, reports: Sequence[SubjectReport]) -> dict[Hashable, SubjectReport]:
    found: dict[Hashable, SubjectReport] = {}
    several: set[Hashable] = set()
    for report in reports:
        value = key(report)
        if value is None:
            continue
        if value in found:
            several.add(value)
        found[value] = report
    return {value: report for value, report in found.items() if value not in several}


def _name(report: SubjectReport) -> Hashable:
    return report.kind, PurePath(report.subject).as_posix()


def _digest(report: SubjectReport) -> Hashable | None:
    digest = report.about.get("digest")
    return (report.kind, digest) if digest else None


def _repository(report: SubjectReport) -> Hashable | None:
    if report.kind not in ("image", "deployment") or report.subject in report.sources:
        return None
    reference = parse_reference(report.subject.rpartition("://")[2].removeprefix("docker-daemon:"))
    return (report.kind, reference.repository) if reference is not None and not reference.is_scratch else None


def _end(parts: int) -> Key:
    def key(report: SubjectReport) -> Hashable | None:
        path = PurePath(report.subject.replace("\\", "/"))
        named = [part for part in path.parts if part not in ("/", "..", ".")]
        if report.kind not in ("dockerfile", "environment") or len(named) < parts:
            return None
        return report.kind, tuple(named[-parts:])

    return key


def _said(report: SubjectReport) -> Hashable | None:
    """All that is said of it, where that is something."""
    verdicts = tuple((item.component, item.verdict, item.found) for item in report.judgements)
    findings = tuple(sorted((item.rule, item.message) for item in report.findings))
    return (report.kind, verdicts, findings) if findings else None


_KEYS: tuple[tuple[Key, str], ...] = (
    (_digest, "the same digest"),
    (_repository, "the same image under another tag"),
    (_end(4), "the same end of the path"),
    (_end(3), "the same end of the path"),
    (_end(2), "the same end of the path"),
    (_said, "the same is said of both"),
)
