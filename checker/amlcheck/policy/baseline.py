"""The baseline: what is known of a project already, so that a run shows and fails for what is new only.

A file of one line an entry, in a fixed order, for people to review. Entries are told by their fingerprint alone; subject,
rule and message are there to be read. Paths are relative to the folder of the baseline and written with slashes, so that
it means the same from any working directory, on any machine and system. What an `ignore` comment hides is not in it.
"""

from __future__ import annotations

import json
import os
import re
import shlex
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path, PurePath

from amlcheck import looking
from amlcheck.errors import AmlcheckError
from amlcheck.fingerprint import fingerprinted
from amlcheck.model import Finding, Judgement, SubjectReport, Verdict, Waiver
from amlcheck.records import dataclass, replace
from amlcheck.regex import regex
from amlcheck.report.destination import write_file

SCHEMA = "amlcheck-baseline/1"
MAX_BYTES = 64 << 20
MAX_MESSAGE = 160
"""Characters of a message; it is there to be recognised."""
_FILES = ("dockerfile", "environment")
"""Kinds of subjects that are files."""
_ARCHIVES = regex(r"(docker-archive|oci-archive|oci|rootfs):(.*)", re.DOTALL)
_FINGERPRINT = regex(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that is known."""

    subject: str
    """The path relative to the baseline's folder, or the image's name."""
    kind: str
    rule: str
    message: str
    fingerprint: str


@dataclass(frozen=True)
class Baseline:
    """The entries of a file."""

    path: Path
    entries: tuple[Entry, ...]

    @property
    def write_option(self) -> str:
        """What writes it again."""
        return f"--write-baseline {shlex.quote(str(self.path))}"


def read_baseline(path: Path) -> Baseline:
    """The baseline in a file. Raises AmlcheckError with one sentence."""
    try:
        looking.into(path)
        if path.is_dir():
            raise AmlcheckError(f"{path}: is no baseline: it is a folder")
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except FileNotFoundError as error:
        raise AmlcheckError(f"{path}: there is no such baseline; write one with --write-baseline {path}") from error
    except OSError as error:
        raise AmlcheckError(f"{path}: cannot be read: {error.strerror or error}") from error
    if len(content) > MAX_BYTES:
        raise AmlcheckError(f"{path}: has more than {MAX_BYTES >> 20} MB; that is no baseline")
    try:
        data = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        where = f"{path}:{error.lineno}" if isinstance(error, json.JSONDecodeError) else str(path)
        what = error.msg if isinstance(error, json.JSONDecodeError) else "it is not UTF-8 or nested too deeply"
        raise AmlcheckError(f"{where}: is no baseline: {what}") from error
    schema = data.get("schema") if isinstance(data, dict) else None
    if schema != SCHEMA:
        said = "it is a report" if schema == "amlcheck/1" else f"its schema is {schema!r:.60}"
        said = said if schema is not None else "it has no schema"
        raise AmlcheckError(f"{path}: is no baseline: {said}, not {SCHEMA!r}")
    return Baseline(path, tuple(_entries(path, data.get("entries"))))


def _entries(path: Path, items: object) -> Iterator[Entry]:
    if not isinstance(items, list):
        raise AmlcheckError(f"{path}: is no baseline that can be read: entries is no list")
    for number, item in enumerate(items, 1):
        given = item if isinstance(item, dict) else {}
        values = [value for value in map(given.get, Entry.__slots__) if isinstance(value, str)]
        if len(values) < len(Entry.__slots__) or not _FINGERPRINT.fullmatch(values[-1]):
            raise AmlcheckError(
                f"{path}: entry {number} is not one: it needs {', '.join(Entry.__slots__)}; delete it or write the file again"
            )
        yield Entry(*values)


def with_baseline(subjects: Sequence[SubjectReport], baseline: Baseline) -> tuple[list[SubjectReport], list[Entry]]:
    """The reports with a waiver for what is known, and the entries that are stale: what they name is gone.

    An entry is stale only where its subject was looked at in this run, or is a file that is not there any more.
    """
    known = {entry.fingerprint for entry in baseline.entries}
    names = _Names(baseline.path.parent)
    waiver = Waiver("baseline", f"in {baseline.path.name}")
    seen: set[str] = set()
    looked_at: set[tuple[str, str]] = set()
    reports = []
    for subject in subjects:
        if not subject.error:
            looked_at.add((names.of(subject), subject.kind))
        judgements: list[Judgement] = []
        findings: list[Finding] = []
        for item, fingerprint in fingerprinted(subject, names.within(subject)):
            seen.add(fingerprint)
            waived = waiver if fingerprint in known and is_recorded(item) else item.waiver
            if isinstance(item, Judgement):
                judgements.append(replace(item, waiver=waived))
            else:
                findings.append(replace(item, waiver=waived))
        reports.append(replace(subject, judgements=tuple(judgements), findings=tuple(findings)))
    stale = [
        entry
        for entry in baseline.entries
        if entry.fingerprint not in seen
        and ((entry.subject, entry.kind) in looked_at or _is_gone(entry, baseline.path.parent))
    ]
    return reports, stale


def told_stale(baseline: Baseline, stale: Sequence[Entry]) -> str:
    """One sentence on the entries that are stale."""
    named = list(dict.fromkeys(f"{entry.rule} in {entry.subject}" for entry in stale))
    shown = ", ".join(named[:3]) + (", …" if len(named) > 3 else "")
    many = f"{len(stale)} of {len(baseline.entries)} entries are" if len(stale) > 1 else "1 entry is"
    return f"{baseline.path}: {many} stale, as what is named there is gone ({shown}); {baseline.write_option} takes such out"


def is_recorded(item: Judgement | Finding) -> bool:
    """Whether a baseline has it: findings of any severity, violated and undecided requirements; not what is ignored."""
    return item.waiver is None and (isinstance(item, Finding) or item.verdict in (Verdict.VIOLATED, Verdict.UNDECIDED))


def check_writable(path: Path) -> None:
    """Raises AmlcheckError where a baseline cannot be written: before the work, not after it."""
    if path.exists():
        try:
            read_baseline(path)
        except AmlcheckError as error:
            raise AmlcheckError(f"{error}; nothing else is overwritten") from error
    elif not path.parent.is_dir():
        raise AmlcheckError(f"{path}: cannot be written: there is no folder {path.parent}")


def baseline_of(subjects: Sequence[SubjectReport], path: Path) -> Baseline:
    """The baseline that a run makes; of one that is there, what the run did not look at stays. Raises AmlcheckError."""
    folder = path.parent
    names = _Names(folder)
    looked_at = {(names.of(subject), subject.kind) for subject in subjects}
    kept = [
        entry
        for entry in (read_baseline(path).entries if path.exists() else ())
        if (entry.subject, entry.kind) not in looked_at and not _is_gone(entry, folder)
    ]
    made = [
        Entry(names.of(subject), subject.kind, item.rule, _message(item), fingerprint)
        for subject in subjects
        for item, fingerprint in fingerprinted(subject, names.within(subject))
        if is_recorded(item)
    ]
    return Baseline(path, tuple(sorted({*kept, *made}, key=_order)))


def _order(entry: Entry) -> tuple[str, ...]:
    return entry.subject, entry.kind, entry.rule, entry.message, entry.fingerprint


def write_baseline(baseline: Baseline) -> None:
    """Puts a baseline into its file, whole or not at all. Raises AmlcheckError."""
    lines = [
        json.dumps({key: getattr(entry, key) for key in Entry.__slots__}, ensure_ascii=False)
        for entry in baseline.entries
    ]
    entries = "[\n    " + ",\n    ".join(lines) + "\n  ]" if lines else "[]"
    text = f'{{\n  "schema": "{SCHEMA}",\n  "entries": {entries}\n}}\n'
    write_file(str(baseline.path), text)


class _Names:
    """What is called how, seen from the folder of a baseline."""

    def __init__(self, folder: Path) -> None:
        self._folder = os.path.realpath(folder)

    def of(self, subject: SubjectReport) -> str:
        """A file by its path from the folder, with slashes; an image by its name."""
        text = subject.subject
        if subject.kind in _FILES or text in subject.sources:
            return self._path(text)
        archive = _ARCHIVES.fullmatch(text)
        return f"{archive[1]}:{self._path(archive[2])}" if archive is not None else text

    def within(self, subject: SubjectReport) -> Callable[[str], str]:
        """The names of a subject and its files, for its fingerprints."""
        return lambda text: self.of(subject) if text == subject.subject else self._path(text)

    def _path(self, text: str) -> str:
        if text in ("", "-"):
            return text
        absolute = os.path.join(os.path.realpath(os.path.dirname(text) or "."), os.path.basename(text))
        try:
            return PurePath(os.path.relpath(absolute, self._folder)).as_posix()
        except ValueError:  # another drive
            return PurePath(absolute).as_posix()


def _message(item: Judgement | Finding) -> str:
    """What is known, for people; nothing of a file gets into somebody's terminal with its control characters."""
    if isinstance(item, Finding):
        text = item.message
    else:
        text = f"{item.component}: {'' if item.verdict is Verdict.VIOLATED else 'undecided: '}{item.reason}"
    text = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)
    return text if len(text) <= MAX_MESSAGE else text[: MAX_MESSAGE - 1] + "…"


def _is_gone(entry: Entry, folder: Path) -> bool:
    """Whether the file that an entry is about is not there any more."""
    try:
        return entry.kind in _FILES and entry.subject != "-" and not _is_there(folder / entry.subject)
    except (OSError, ValueError):
        return True


def _is_there(path: Path) -> bool:
    return looking.at(path) and path.exists()
