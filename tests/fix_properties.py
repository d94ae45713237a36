"""What holds of every repair, looked at without the code that makes and proves repairs.

`examine` takes a file of any kind, looks at each repair that is offered for it, and at what all of them together do.
`CORPUS=FOLDER python tests/fix_properties.py` does so for every Dockerfile and environment file of a folder.
"""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from amlcheck.catalog import catalog
from amlcheck.discover import find_files
from amlcheck.environment.pairing import pair
from amlcheck.fixing.allowed import Allowed
from amlcheck.fixing.engine import fix, items_of, with_repairs
from amlcheck.fixing.workspace import Workspace
from amlcheck.judge import Circumstances
from amlcheck.lint import LintOptions
from amlcheck.model import Edit, Finding, Judgement, Repair, SubjectReport, Verdict
from amlcheck.profiles import load_profile
from amlcheck.records import replace
from amlcheck.run import lint_one

Item = Judgement | Finding
PROGRESS = 100
"""Files after which it is said how far it is."""
RANK = {Verdict.MET: 0, Verdict.NOT_APPLICABLE: 0, Verdict.UNDECIDED: 1, Verdict.VIOLATED: 2}


@dataclass
class Seen:
    """What was looked at: counts by rule."""

    files: int = 0
    repaired_files: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    """Violations and findings of rules that have repairs."""
    repairs: Counter[str] = field(default_factory=Counter)
    """Repairs that were offered, and each of which was looked at."""
    made: int = 0
    """Repairs that were made when all were to be."""


def examine(names: Iterable[str], options: LintOptions, seen: Seen, root: Path | None = None) -> None:
    """Every repair of every file alone, and all of them together. Raises AssertionError."""
    listed = list(names)
    reports = [lint_one(catalog(), name, options) for name in listed]
    folders = [str(root)] if root is not None else listed
    allowed = Allowed.of(folders, listed, options.context)
    for report in reports:
        if report.error:
            continue
        seen.files += 1
        workspace = Workspace(catalog(), options, allowed, reports)
        shown = with_repairs(workspace, report)
        for item, repaired in zip(items_of(report), items_of(shown), strict=True):
            if workspace.is_repairable(item):
                seen.faults[item.rule] += 1
            if repaired.repair is not None:
                seen.repairs[item.rule] += 1
                _alone(report, item, repaired.repair, options)
    _together(listed, reports, options, allowed, seen)


def _alone(report: SubjectReport, item: Item, repair: Repair, options: LintOptions) -> None:
    """One repair: the finding is gone, no other appears, and no byte outside the named words changes."""
    changed = dict(options.changed)
    for path in {edit.location.path for edit in repair.edits}:
        before = _content(path, changed)
        changed[_key(path)] = rewritten(before, [edit for edit in repair.edits if edit.location.path == path])
        assert changed[_key(path)] != before
    after = lint_one(catalog(), report.subject, replace(options, changed=changed))
    compare(report, after, [item])


def rewritten(content: bytes, edits: list[Edit]) -> bytes:
    """The bytes with other words at the places of the edits: an implementation of its own, by lines."""
    mark = b"\xef\xbb\xbf" if content.startswith(b"\xef\xbb\xbf") else b""
    lines = content.split(b"\n")
    for edit in sorted(edits, key=lambda item: (item.location.line, item.location.column), reverse=True):
        place = edit.location
        bom = mark if place.line == 1 and not edit.location.path.endswith("Dockerfile") else b""
        head = len(bom) + _bytes(lines[place.line - 1][len(bom) :], place.column - 1)
        bom = mark if place.end_line == 1 and not edit.location.path.endswith("Dockerfile") else b""
        tail = len(bom) + _bytes(lines[place.end_line - 1][len(bom) :], place.end_column - 1)
        words = edit.text.encode("utf-8", "surrogateescape")
        joined = lines[place.line - 1][:head] + words + lines[place.end_line - 1][tail:]
        lines[place.line - 1 : place.end_line] = joined.split(b"\n")
    return b"\n".join(lines)


def _bytes(line: bytes, characters: int) -> int:
    return len(line.decode("utf-8", "surrogateescape")[:characters].encode("utf-8", "surrogateescape"))


def compare(before: SubjectReport, after: SubjectReport, targets: list[Item]) -> None:
    """The targets are gone and nothing is worse, by counts: no rule has more findings, no verdict is worse."""
    assert not after.error, after.error
    found, left = _counts(before), _counts(after)
    gone = Counter(item.rule for item in targets if isinstance(item, Finding))
    reveals = bool(gone["AML001"] or gone["AML602"])
    for rule, count in gone.items():
        shown = reveals and rule not in ("AML001", "AML602")
        assert left[rule] <= found[rule] - count or shown, f"{rule} is still there"
    if not reveals:
        worse = {rule: left[rule] for rule in left if left[rule] > found[rule]}
        assert not worse, f"these appeared: {worse}"
    wanted = {item.component for item in targets if isinstance(item, Judgement)}
    ranks = {old.component: RANK[old.verdict] for old in before.judgements}
    assert set(ranks) <= {new.component for new in after.judgements}
    for new in after.judgements:
        if new.component in wanted:
            assert RANK[new.verdict] == 0, f"{new.rule} is {new.verdict.value}: {new.reason}"
        elif not reveals:
            assert RANK[new.verdict] <= ranks.get(new.component, 1), new
    assert "AML000" not in left


def _counts(report: SubjectReport) -> Counter[str]:
    return Counter(finding.rule for finding in report.findings)


def _together(
    names: list[str], reports: list[SubjectReport], options: LintOptions, allowed: Allowed, seen: Seen
) -> None:
    """All repairs: nothing is worse, and doing it twice changes nothing."""
    sound = [report.subject for report in reports if not report.error]
    outcome = fix(Workspace(catalog(), options, allowed, reports), sound, unsafe=True)
    if not outcome.files:
        assert not outcome.fixed
        return
    seen.repaired_files += len(outcome.files)
    seen.made += len(outcome.fixed)
    changed = {**options.changed, **{_key(path): after for path, _, after in outcome.files}}
    later = replace(options, changed=changed)
    again = [lint_one(catalog(), name, later) for name in names]
    refused = any(item.rule in ("AML001", "AML602") for made in outcome.fixed for item in made.items)
    for before, after in zip(reports, again, strict=True):
        if not before.error and not refused:
            targets = [item for made in outcome.fixed if made.subject == before.subject for item in made.items]
            there = [item for item in targets if item in items_of(before)]
            compare(before, after, there)
    twice = fix(Workspace(catalog(), later, allowed, again), sound, unsafe=True)
    assert not twice.files, [made.repair for made in twice.fixed]


def _key(path: str) -> str:
    return path if path == "-" else os.path.realpath(path)


def _content(path: str, changed: Mapping[str, bytes]) -> bytes:
    known = changed.get(_key(path))
    return known if known is not None else Path(path).read_bytes()


# --- a folder of real files ------------------------------------------------------------------------------------------


def groups(folder: Path) -> Iterator[list[str]]:
    """The files of a folder, those of one directory together."""
    by_directory: dict[str, list[str]] = {}
    for name in find_files([str(folder)]):
        by_directory.setdefault(os.path.dirname(name), []).append(name)
    yield from by_directory.values()


def main() -> int:
    """Looks at a folder of real files, and tells what did not hold."""
    folder = Path(os.environ["CORPUS"])
    most = int(os.environ.get("MOST", "0"))
    seen, broken, told = Seen(), 0, 0
    profile = load_profile(catalog(), os.environ.get("PROFILE", "azureml-2021-04"))
    options = LintOptions(profile, Circumstances(datasets=True, user_managed=True))
    started = time.monotonic()
    for names in groups(folder):
        try:
            pairs = pair(catalog(), names)
        except Exception as error:
            sys.stdout.write(f"{names[0]}: {type(error).__name__}: {error}\n")
            broken += 1
            continue
        here = replace(options, environments=pairs.environments, dockerfiles=pairs.dockerfiles, named=frozenset())
        for name in pairs.names:
            try:
                examine([name], here, seen)
            except Exception as error:
                broken += 1
                sys.stdout.write(f"{name}: {type(error).__name__}: {error}\n")
                sys.stdout.flush()
        if seen.files // PROGRESS > told:
            told = seen.files // PROGRESS
            sys.stderr.write(
                f"{seen.files} files, {sum(seen.repairs.values())} repairs, {seen.made} made, {broken} broken\n"
            )
        if most and seen.files >= most:
            break
    sys.stdout.write(
        f"{seen.files} files in {time.monotonic() - started:.0f} s, {sum(seen.faults.values())} faults of rules with"
        f" repairs, {sum(seen.repairs.values())} repairs looked at alone, {seen.made} made in {seen.repaired_files} files"
        f" when all were to be; {broken} broken\n"
    )
    for rule in sorted(seen.faults):
        sys.stdout.write(f"  {rule}: {seen.repairs[rule]} of {seen.faults[rule]}\n")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
