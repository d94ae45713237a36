"""Ignores in files, applied to a run: what they mean gets a waiver, and what is wrong with them is a finding.

A finding is meant where its place is; a requirement where any piece of its evidence is, as that is what reports show; what
has no place at all, only by `ignore-file=` in the file that the report is on.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING

from amlcheck.catalog import DOCKERFILE, POLICY, Catalog, Rule
from amlcheck.discover import is_environment_name
from amlcheck.model import Finding, Judgement, Location, Severity, SubjectReport, Verdict, Waiver
from amlcheck.nearest import nearest_rule
from amlcheck.policy.comments import MARK, Comments, Ignore, comments_of
from amlcheck.records import dataclass, field, replace

if TYPE_CHECKING:
    from amlcheck.profiles import Profile

MAX_HINTS = 20
"""Names of one file for which the nearest rule is looked for."""
MALFORMED, UNKNOWN, EXPIRED, UNUSED = "AML701", "AML702", "AML703", "AML704"


@dataclass
class _File:
    """A file with comments, for all subjects that it belongs to."""

    comments: Comments
    owner: int
    """The subject that has its findings: the one that is about this file, else the first that it belongs to."""
    subjects: list[int] = field(default_factory=list)


class _Ignored:
    """One name of one comment."""

    def __init__(self, ignore: Ignore, rule: Rule, ended: bool) -> None:
        self.ignore, self.rule, self.ended = ignore, rule, ended
        self.hits = 0

    @property
    def waiver(self) -> Waiver:
        until = self.ignore.until.isoformat() if self.ignore.until is not None else ""
        return Waiver("ignore", self.ignore.reason, until, self.ignore.location)


_Known = dict[str, list[_Ignored]]
"""What the comments of one file ignore, by the ID of the rule."""


def with_ignores(
    subjects: Sequence[SubjectReport],
    known_rules: Callable[[], Catalog],
    profile_of: Callable[[SubjectReport], Profile],
    today: Callable[[], date],
) -> list[SubjectReport]:
    """The reports of a run, with the waivers and findings that the comments in their files bring.

    Nothing is asked where no file has a comment.
    """
    files = _files(subjects)
    if not files:
        return list(subjects)
    catalog, day = known_rules(), today()
    rules = {text: rule for rule in catalog.rules for text in (rule.id, rule.name)}
    known = {path: _by_rule(file, rules, day) for path, file in files.items()}
    reports = [_waived(subject, known) for subject in subjects]
    for path, file in files.items():
        owner = reports[file.owner]
        own = [reports[index] for index in file.subjects]
        profiles = [profile_of(subject) for subject in own]
        told = [*_faults(file, rules), *_ends(known[path], path, own, profiles)]
        found = [_finding(rules, profile_of(owner), *item) for item in told]
        reports[file.owner] = replace(owner, findings=(*owner.findings, *(item for item in found if item is not None)))
    return reports


def _files(subjects: Sequence[SubjectReport]) -> dict[str, _File]:
    """Every file with a comment of this program, by its path."""
    files: dict[str, _File] = {}
    for index, subject in enumerate(subjects):
        for path, text in subject.sources.items():
            if MARK not in text:
                continue
            key = os.path.normpath(path)
            if key not in files:
                files[key] = _File(comments_of(path, text), index)
            files[key].subjects.append(index)
            owner = subjects[files[key].owner]
            if key == os.path.normpath(subject.subject) != os.path.normpath(owner.subject):
                files[key].owner = index
    return {path: file for path, file in files.items() if file.comments.ignores or file.comments.faults}


def _by_rule(file: _File, rules: Mapping[str, Rule], day: date) -> _Known:
    found: _Known = {}
    for ignore in file.comments.ignores:
        for name in ignore.names:
            rule = _rule(rules, name)
            if rule is not None and rule.subject != POLICY:
                ended = ignore.until is not None and ignore.until < day
                found.setdefault(rule.id, []).append(_Ignored(ignore, rule, ended))
    return found


def _waived(subject: SubjectReport, known: dict[str, _Known]) -> SubjectReport:
    """A report with the waivers of the comments in its files."""
    own = {
        os.path.normpath(path): known[os.path.normpath(path)]
        for path in subject.sources
        if os.path.normpath(path) in known
    }
    if not own:
        return subject
    return replace(
        subject,
        judgements=tuple(_judgement(item, subject, own) for item in subject.judgements),
        findings=tuple(_waived_finding(item, subject, own) for item in subject.findings),
    )


def _judgement(item: Judgement, subject: SubjectReport, own: dict[str, _Known]) -> Judgement:
    if item.verdict not in (Verdict.VIOLATED, Verdict.UNDECIDED):
        return item
    waiver = _waiver(item.rule, _places(item), subject, own)
    return replace(item, waiver=waiver) if waiver is not None else item


def _places(item: Judgement) -> list[Location]:
    chains = (witness.testimony.evidence for witness in item.witnesses)
    return [evidence.location for chain in chains for evidence in chain if evidence.location is not None]


def _waived_finding(item: Finding, subject: SubjectReport, own: dict[str, _Known]) -> Finding:
    waiver = _waiver(item.rule, [item.location] if item.location is not None else [], subject, own)
    return replace(item, waiver=waiver) if waiver is not None else item


def _waiver(rule: str, places: list[Location], subject: SubjectReport, own: dict[str, _Known]) -> Waiver | None:
    """The waiver of the nearest comment that means one of the places and has not ended."""
    for whole_file in (False, True):
        for path, known in own.items():
            for ignored in _meaning(known.get(rule, ()), path, places, subject, whole_file):
                ignored.hits += 1
                if not ignored.ended:
                    return ignored.waiver
    return None


def _meaning(
    known: Sequence[_Ignored], path: str, places: list[Location], subject: SubjectReport, whole_file: bool
) -> Iterator[_Ignored]:
    """The comments of one file that mean one of the places or, of those on the whole file, all that its report says."""
    if not known:
        return
    here = [place for place in places if os.path.normpath(place.path) == path]
    if not here and not (whole_file and _is_about(subject, path)):
        return
    for ignored in known:
        ignore = ignored.ignore
        if ignore.whole_file is whole_file and (whole_file or any(map(ignore.covers, here))):
            yield ignored


def _is_about(subject: SubjectReport, path: str) -> bool:
    """Whether a report is on this file, or on an image that is said to be built from it."""
    if os.path.normpath(subject.subject) == path:
        return True
    return subject.kind == "image" and not is_environment_name(path)


def _faults(file: _File, rules: Mapping[str, Rule]) -> Iterator[tuple[str, Location, str, str]]:
    """What is told of comments that cannot be read, or name no rule: rule, place, message, advice."""
    for fault in file.comments.faults:
        yield MALFORMED, fault.location, f"this is not understood, and hides nothing: {fault.message}", fault.fix
    hints = MAX_HINTS
    for ignore in file.comments.ignores:
        for name in ignore.names:
            rule = _rule(rules, name)
            if rule is None:
                hints -= 1
                near = _near(rules, name) if hints >= 0 and len(name) < 40 else None
                shown = name if len(name) < 40 else f"{name[:39]}…"
                message = f"there is no rule {shown!r}: this hides nothing"
                yield UNKNOWN, ignore.location, message, f"did you mean {near}?" if near else ""
            elif rule.subject == POLICY:
                message = f"{rule.id} is about comments such as this one, and cannot be ignored by one"
                yield UNKNOWN, ignore.location, message, f'turn it off in the configuration: [rules] {rule.id} = "off"'


def _rule(rules: Mapping[str, Rule], name: str) -> Rule | None:
    return rules.get(name.upper()) or rules.get(name.lower())


def _near(rules: Mapping[str, Rule], name: str) -> str | None:
    return nearest_rule(name, [one for one in rules if one.isupper()], [one for one in rules if not one.isupper()])


def _ends(
    known: _Known, path: str, subjects: list[SubjectReport], profiles: list[Profile]
) -> Iterator[tuple[str, Location, str, str]]:
    """What is told of comments that have ended, or that nothing is left for."""
    in_order = sorted(
        (ignored for of_rule in known.values() for ignored in of_rule), key=lambda ignored: ignored.ignore.location.line
    )
    for ignored in in_order:
        ignore, rule = ignored.ignore, ignored.rule
        if ignored.ended:
            gone = "" if ignored.hits else f"; nothing of {rule.id} is here any more"
            message = f"{rule.id} was to be ignored until {ignore.until}, and is not any more{gone}"
            yield EXPIRED, ignore.location, message, "" if ignored.hits else _without(ignored)
        elif not ignored.hits and _is_asked(rule, subjects, profiles):
            why = "nothing follows this comment"
            if ignore.whole_file or ignore.first <= ignore.last:
                why = f"{'this file' if ignore.whole_file else 'this place'} has nothing of it"
            fix = _elsewhere(rule, path, subjects) or _without(ignored)
            yield UNUSED, ignore.location, f"{rule.id} is ignored here, and {why}", fix


def _without(ignored: _Ignored) -> str:
    """What to do with a name that has nothing to ignore."""
    return "remove the comment" if len(ignored.ignore.names) == 1 else f"take {ignored.rule.id} out of the comment"


def _is_asked(rule: Rule, subjects: list[SubjectReport], profiles: list[Profile]) -> bool:
    """Whether this run could have found it: what was not asked may still be there."""
    if rule.component:
        judged = [item for subject in subjects for item in subject.judgements if item.rule == rule.id]
        return any(item.verdict is not Verdict.NOT_APPLICABLE for item in judged)
    if rule.live:
        return False
    for subject, profile in zip(subjects, profiles, strict=True):
        on = profile.rules.get(rule.id, rule.severity if rule.on else None) is not None
        if on and (rule.subject == DOCKERFILE) is (subject.kind != "environment"):
            return True
    return False


def _elsewhere(rule: Rule, path: str, subjects: list[SubjectReport]) -> str:
    """Where the comment should stand, if what it names is somewhere else; empty where it is nowhere."""
    for subject in subjects:
        items: list[Judgement | Finding] = [*subject.judgements, *subject.findings]
        for item in items:
            if item.rule != rule.id or item.waiver is not None:
                continue
            if isinstance(item, Judgement):
                if item.verdict not in (Verdict.VIOLATED, Verdict.UNDECIDED):
                    continue
                places = _places(item)
            else:
                places = [item.location] if item.location is not None else []
            lines = [place.line for place in places if os.path.normpath(place.path) == path]
            if lines:
                return f"it is at line {lines[0]}: put the comment above that, or remove it"
            if not places:
                return f"it has no line of its own: write ignore-file={rule.id} at the head of the file"
    return ""


def _finding(
    rules: Mapping[str, Rule], profile: Profile, identifier: str, location: Location, message: str, fix: str
) -> Finding | None:
    rule = rules[identifier]
    severity: Severity | None = profile.rules.get(identifier, rule.severity if rule.on else None)
    return Finding(identifier, severity, message, location, fix or rule.fix) if severity is not None else None
