"""Whether repairs do what they promise: what was to go is gone, and nothing else has come.

A finding is told from another by its rule and its message, or by its rule and its line: a message may change with what
was repaired ("flask and numpy are not pinned" is then "numpy is not pinned"), and lines move.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from amlcheck.catalog import CRASHED
from amlcheck.dockerfile.source import Source
from amlcheck.fixing.edits import Placed, applied, moved
from amlcheck.model import Finding, Judgement, SubjectReport, Verdict
from amlcheck.records import dataclass

REVEALING = ("AML001", "AML602")
"""Docker refuses the words, or nothing reads the key: what is wrong with what they say is seen only once they are
repaired."""

BASES = (
    *("AML101", "AML102", "AML103", "AML202", "AML207", "AML301", "AML303"),
    *("AML605", "AML608", "AML609", "AML614", "AML615", "AML616"),
)
"""Which image it starts from, and which Python and conda run in it: which release of a package fits is known only then."""


@dataclass(frozen=True)
class Change:
    """Edits by the paths that reports show, with the texts that they were made for."""

    texts: Mapping[str, str]
    edits: Mapping[str, Sequence[Placed]]

    def lines_of(self, findings: Iterable[Finding]) -> Iterator[tuple[Finding, tuple[str, int] | None]]:
        """Findings with the file and the line that each has once the edits are made."""
        done: dict[str, tuple[Source, Source]] = {}
        for finding in findings:
            place = finding.location
            edits, text = (
                (self.edits.get(place.path), self.texts.get(place.path)) if place is not None else (None, None)
            )
            if place is None or not edits or text is None:
                yield finding, _line(finding)
                continue
            if place.path not in done:
                done[place.path] = (Source(place.path, text), Source(place.path, applied(text, edits)))
            before, after = done[place.path]
            offset = before.offset(place.line, place.column)
            line = after.position(moved(offset, edits))[0] if offset is not None else place.line
            yield finding, (place.path, line)


def _line(finding: Finding) -> tuple[str, int] | None:
    return (finding.location.path, finding.location.line) if finding.location is not None else None


def trouble(
    before: SubjectReport, after: SubjectReport, change: Change, targets: Collection[Judgement | Finding]
) -> str:
    """What speaks against a change, in one sentence; empty where it does what it promises.

    Where the targets are words that nobody could read before, what was wrong with them all along does not speak against
    it.
    """
    if after.error:
        return after.error
    reveals = any(item.rule in REVEALING for item in targets)
    wanted = {item.component for item in targets if isinstance(item, Judgement)}
    verdicts = {old.component: old.verdict for old in before.judgements}
    for new in after.judgements:
        old = verdicts.get(new.component)
        worse = new.verdict is Verdict.VIOLATED and old is not Verdict.VIOLATED
        worse = worse or (new.verdict is Verdict.UNDECIDED and old is Verdict.MET)
        stays = new.component in wanted and new.verdict in (Verdict.VIOLATED, Verdict.UNDECIDED)
        if stays or (worse and not reveals):
            return f"{new.rule} would {'still' if stays else 'then'} be {new.verdict.value}: {new.reason}"
    gone = set(targets)
    left = [finding for finding in before.findings if finding not in gone]
    for finding in _appeared(left, after.findings, change):
        if not reveals or finding.rule in (CRASHED, *REVEALING):
            same = any(finding.rule == item.rule for item in targets)
            return f"{finding.rule} would {'still' if same else 'then'} be found: {finding.message}"
    return ""


def gone(before: SubjectReport, after: SubjectReport, change: Change) -> list[Judgement | Finding]:
    """What counted before a change and does not any more."""
    verdicts = {new.component: new.verdict for new in after.judgements}
    bad, well = Verdict.VIOLATED, (Verdict.MET, Verdict.NOT_APPLICABLE)
    found: list[Judgement | Finding] = [
        old
        for old in before.judgements
        if old.verdict is bad and old.waiver is None and verdicts.get(old.component) in well
    ]
    said = {(finding.rule, finding.message) for finding in after.findings}
    places = {(finding.rule, _line(finding)) for finding in after.findings}
    for finding, place in change.lines_of(before.findings):
        if (
            finding.waiver is None
            and (finding.rule, finding.message) not in said
            and (finding.rule, place) not in places
        ):
            found.append(finding)
    return found


def _appeared(before: Iterable[Finding], after: Iterable[Finding], change: Change) -> list[Finding]:
    """The findings of `after` that have no counterpart in `before`."""
    left: dict[tuple[str, str], list[Finding]] = defaultdict(list)
    for finding in before:
        left[finding.rule, finding.message].append(finding)
    unmatched = [finding for finding in after if not _taken(left, (finding.rule, finding.message))]
    if not unmatched:
        return []
    rest = [finding for findings in left.values() for finding in findings]
    places = Counter((finding.rule, place) for finding, place in change.lines_of(rest))
    found: list[Finding] = []
    for finding in unmatched:
        key = (finding.rule, _line(finding))
        if places[key] > 0:
            places[key] -= 1
        else:
            found.append(finding)
    return found


def _taken(left: dict[tuple[str, str], list[Finding]], key: tuple[str, str]) -> bool:
    """Whether there is one of these left; it is used up."""
    if not left.get(key):
        return False
    left[key].pop()
    return True
