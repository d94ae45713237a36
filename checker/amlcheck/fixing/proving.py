"""Whether repairs do what they promise: what was to go is gone, and nothing else has come.

A finding is told from another by its rule and its message, or by its rule and its line: a message may change with what
was repaired ("flask and numpy are not pinned" is then "numpy is not pinned"), and lines move.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from amlcheck.catalog import CRASHED
from amlcheck.fixing.edits import Placed, applied, moved, offset_of
from amlcheck.model import Finding, Judgement, SubjectReport, Verdict
from amlcheck.records import dataclass

REVEALING = ("AML001", "AML602")
"""Docker refuses the words, or nothing reads the key: what is wrong with what they say is seen only once they are
repaired."""


@dataclass(frozen=True)
class Change:
    """Edits by the paths that reports show, with the texts that they were made for."""

    texts: Mapping[str, str]
    edits: Mapping[str, Sequence[Placed]]

    def line_of(self, finding: Finding) -> tuple[str, int] | None:
        """The file and the line that a finding has once the edits are made."""
        place = finding.location
        if place is None:
            return None
        edits, text = self.edits.get(place.path), self.texts.get(place.path)
        offset = offset_of(text, place.line, place.column) if edits and text is not None else None
        if not edits or text is None or offset is None:
            return place.path, place.line
        return place.path, applied(text, edits).count("\n", 0, moved(offset, edits)) + 1


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
    left = [finding for finding in before.findings if finding not in targets]
    for finding in _appeared(left, after.findings, change):
        if not reveals or finding.rule in (CRASHED, *REVEALING):
            same = any(finding.rule == item.rule for item in targets)
            return f"{finding.rule} would {'still' if same else 'then'} be found: {finding.message}"
    return ""


def _appeared(before: Sequence[Finding], after: Sequence[Finding], change: Change) -> list[Finding]:
    """The findings of `after` that have no counterpart in `before`."""
    left = list(before)
    unmatched: list[Finding] = []
    for finding in after:
        same = next((old for old in left if (old.rule, old.message) == (finding.rule, finding.message)), None)
        if same is not None:
            left.remove(same)
        else:
            unmatched.append(finding)
    found: list[Finding] = []
    for finding in unmatched:
        place = (finding.location.path, finding.location.line) if finding.location is not None else None
        same = next((old for old in left if old.rule == finding.rule and change.line_of(old) == place), None)
        if same is not None:
            left.remove(same)
        else:
            found.append(finding)
    return found
