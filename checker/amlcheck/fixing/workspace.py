"""The files of a run as they are, and as they would be: repairs are found and proved here, and nothing is written."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path

from amlcheck.catalog import DOCKERFILE, POLICY, Catalog
from amlcheck.discover import is_environment_name
from amlcheck.dockerfile.context import Context
from amlcheck.errors import AmlcheckError
from amlcheck.fixing.allowed import STDIN, Allowed
from amlcheck.fixing.case import Case, Remedies
from amlcheck.fixing.edits import Placed, placed
from amlcheck.fixing.original import edited
from amlcheck.fixing.proving import Change, trouble
from amlcheck.lint import LintOptions, asked_of, build, decode, read_text
from amlcheck.model import COMPONENTS, Edit, Finding, Judgement, Repair, SubjectReport, Verdict
from amlcheck.records import dataclass, field, replace
from amlcheck.run import lint_one

Item = Judgement | Finding


@dataclass(frozen=True)
class Attempt:
    """A change that was tried in memory."""

    changed: Mapping[str, bytes] = field(default_factory=dict)
    """The files that it changes, by their real paths."""
    reports: Mapping[str, SubjectReport] = field(default_factory=dict)
    """What is then said of every subject that reads them."""
    change: Change = field(default_factory=lambda: Change({}, {}))
    refused: str = ""
    """Why it is not made, in one sentence; empty where it may be."""


class Workspace:
    """One run: its subjects, what is said of them, and the files as they would be by now."""

    def __init__(
        self,
        catalog: Catalog,
        options: LintOptions,
        allowed: Allowed,
        reports: Sequence[SubjectReport],
        concluded: Callable[[SubjectReport], SubjectReport] = lambda report: report,
    ) -> None:
        """`concluded` says of a report what is waived in it."""
        self.catalog = catalog
        self.options = options
        self.allowed = allowed
        self._concluded = concluded
        self.remedies = Remedies(catalog.folder)
        self.changed: dict[str, bytes] = dict(options.changed)
        self.originals: dict[str, bytes] = dict(options.changed)
        self.shown: dict[str, str] = {}
        """How the user calls a file that was changed."""
        self._reports: dict[str, SubjectReport] = {}
        self._readers: dict[str, set[str]] = defaultdict(set)
        self._models: dict[str, list[Case]] = {}
        self._tried: dict[tuple[str, frozenset[Edit]], Attempt] = {}
        for report in reports:
            self._read_by(report)

    # --- what is said ------------------------------------------------------------------------------------------------

    def report(self, name: str) -> SubjectReport:
        """All that is said of a subject as its files would be by now, also what a run tells only once."""
        known = self._reports.get(name)
        if known is None:
            known = self._reports[name] = self._check(name, self.changed)
            self._read_by(known)
        return known

    def _check(self, name: str, changed: Mapping[str, bytes]) -> SubjectReport:
        return self._concluded(lint_one(self.catalog, name, replace(self.options, changed=changed)))

    def _read_by(self, report: SubjectReport) -> None:
        for path in report.sources:
            self._readers[self.key(path)].add(report.subject)

    @staticmethod
    def key(path: str) -> str:
        """A file by its real path."""
        return path if path == STDIN else os.path.realpath(path)

    # --- what would help ---------------------------------------------------------------------------------------------

    def repairs(self, name: str, item: Item) -> Iterator[Repair]:
        """What may repair an item of a subject's report, the best first. Raises what a rule's repair raises."""
        rule = self.catalog.rule(item.rule)
        if rule is None or rule.repair is None:
            return
        seen: set[tuple[Edit, ...]] = set()
        for model in self._models_of(name):
            if rule.subject == POLICY or (model.environment is None) is (rule.subject == DOCKERFILE):
                for repair in rule.repair(replace(model, item=item)):
                    if repair.edits and repair.edits not in seen:
                        seen.add(repair.edits)
                        yield repair

    def is_repairable(self, item: Item) -> bool:
        """Whether an item is a fault that counts, and of a rule that has repairs."""
        if item.waiver is not None or (isinstance(item, Judgement) and item.verdict is not Verdict.VIOLATED):
            return False
        rule = self.catalog.rule(item.rule)
        return rule is not None and rule.repair is not None

    def _models_of(self, name: str) -> list[Case]:
        """A subject as rules see it: what is built, or the environments in the file."""
        if name not in self._models:
            try:
                self._models[name] = self._read_models(name)
            except AmlcheckError:
                self._models[name] = []
        return self._models[name]

    def _read_models(self, name: str) -> list[Case]:
        report = self.report(name)
        options = replace(self.options, changed=self.changed).of(name)
        asked = {item: asked_of(item, self.catalog, options.profile) for item in COMPONENTS}
        requirements = {item: asking for item, asking in asked.items() if asking is not None}
        nothing = Finding("", report.findings[0].severity, "") if report.findings else report.judgements[0]
        case = Case(nothing, self.catalog.knowledge, self.remedies, report.sources, requirements=requirements)
        if is_environment_name(name):
            from amlcheck.environment.files import Files
            from amlcheck.environment.judging import prepared

            environments, _ = prepared(self.catalog, name, options, Files(changed=self.changed))
            found = [replace(case, environment=environment) for environment in environments]
            return found + [replace(case, built=item.built) for item in environments if item.built is not None]
        if name == STDIN:
            text = decode(self.changed[STDIN], "standard input")
            context = Context(options.context, changed=self.changed) if options.context is not None else None
        else:
            text = read_text(Path(name), self.changed)
            context = Context(options.context or Path(name).parent, Path(name), self.changed)
        built, _ = build(self.catalog, name, text, context, options)
        return [replace(case, built=built)]

    # --- trying ------------------------------------------------------------------------------------------------------

    def attempt(self, name: str, targets: Collection[Item], repairs: Collection[Repair]) -> Attempt:
        """Tries repairs of a subject's items together: every subject that reads a changed file is checked again."""
        edits = frozenset(edit for repair in repairs for edit in repair.edits)
        tried = self._tried.get((name, edits))
        if tried is None:
            tried = self._tried[name, edits] = self._try(name, edits)
        if tried.refused:
            return tried
        for subject, after in tried.reports.items():
            wrong = trouble(self.report(subject), after, tried.change, targets if subject == name else ())
            if wrong:
                return Attempt(refused=wrong if subject == name else f"{subject}: {wrong}")
        return tried

    def _try(self, name: str, edits: frozenset[Edit]) -> Attempt:
        """The files with the edits, and what is then said; whether that is any good is not looked at here."""
        report = self.report(name)
        by_path: dict[str, list[Edit]] = defaultdict(list)
        for edit in edits:
            by_path[edit.location.path].append(edit)
        changed = dict(self.changed)
        places: dict[str, Sequence[Placed]] = {}
        for path, wanted in by_path.items():
            after, where, refused = self._edited(path, report.sources.get(path), wanted)
            if refused:
                return Attempt(refused=refused)
            places[path] = where
            changed[self.key(path)] = after
        touched = {self.key(path) for path in by_path}
        subjects = {name}.union(*(self._readers[path] for path in touched))
        reports = {
            subject: self._check(subject, changed)
            for subject in sorted(subjects, key=lambda item: (item != name, item))
        }
        return Attempt({path: changed[path] for path in touched}, reports, Change(report.sources, places))

    def _edited(self, path: str, text: str | None, wanted: list[Edit]) -> tuple[bytes, list[Placed], str]:
        """A file's bytes with edits, and the edits by offsets; or why they cannot be made."""
        refused = self.allowed.refusal(path)
        if refused:
            return b"", [], refused
        try:
            content = self.content(path)
        except OSError as error:
            return b"", [], f"{path}: cannot be read: {error.strerror or error}"
        places = placed(text, wanted) if text is not None else None
        after = edited(content, text, places) if text is not None and places is not None else None
        if after is None or places is None:
            return b"", [], f"{path}: the words to be repaired do not stand there as they were read"
        return after, places, "" if after != content else f"{path}: nothing would change"

    def content(self, path: str) -> bytes:
        """A file's bytes as they would be by now. Raises OSError."""
        key = self.key(path)
        if key not in self.changed and key not in self.originals:
            self.originals[key] = Path(key).read_bytes()
        return self.changed.get(key, self.originals.get(key, b""))

    def make(self, attempt: Attempt, paths: Collection[str]) -> None:
        """Takes a change that may be made: from now on the files are so. `paths` as they are shown."""
        self.changed.update(attempt.changed)
        self._tried.clear()
        for path in paths:
            self.shown.setdefault(self.key(path), path)
        for subject, report in attempt.reports.items():
            self._reports[subject] = report
            self._models.pop(subject, None)
            self._read_by(report)
        for subject in set().union(*(self._readers[path] for path in attempt.changed)):
            self._models.pop(subject, None)
