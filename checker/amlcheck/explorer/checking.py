"""Files that are checked and repaired while they are looked at: every repair is proved before it is offered and written."""

from __future__ import annotations

import argparse
import io
import os
from contextlib import redirect_stderr
from pathlib import Path

from amlcheck.deployment.model import Deployment
from amlcheck.errors import AmlcheckError
from amlcheck.explorer.items import Item
from amlcheck.fix_command import with_standard_input, workspace_of
from amlcheck.fixing.engine import fix, with_repairs
from amlcheck.fixing.workspace import Workspace
from amlcheck.fixing.writing import write
from amlcheck.lint_command import Run, checked, planned
from amlcheck.model import Report, SubjectReport
from amlcheck.records import replace


class Checking:
    """One run of `lint` that can be made again; `options` are those of `amlcheck lint`."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options
        self._run: Run | None = None
        self._workspace: Workspace | None = None

    def report(self) -> Report:
        """The files as they are now. Raises AmlcheckError for what the user must change."""
        run = with_standard_input(planned(self._options))
        report = checked(run, run.lint)
        self._run, self._workspace = run, workspace_of(run, report)
        return report

    def again(self) -> Report:
        """The same, and nothing is said of its progress: the screen is in use."""
        with redirect_stderr(io.StringIO()):
            return self.report()

    def repairs(self, subject: SubjectReport) -> SubjectReport:
        """A subject with what would repair it; as it was where it cannot be read any more."""
        assert self._workspace is not None
        try:
            return with_repairs(self._workspace, subject)
        except AmlcheckError:
            return subject

    def apply(self, subject: SubjectReport, item: Item) -> str:
        """Writes the repair of an item, and tells what was written. Raises AmlcheckError where it cannot be."""
        repair = item.repair
        assert self._workspace is not None
        assert repair is not None
        assert not isinstance(item.what, Deployment)
        found = replace(item.what, repair=None)  # as it was before a repair was looked for
        attempt = self._workspace.attempt(subject.subject, [found], [repair])
        if attempt.refused:
            raise AmlcheckError(f"nothing was changed: {attempt.refused}")
        for path, after in attempt.changed.items():
            write(Path(path), self._workspace.originals[path], after)
        return f"{repair.title}: written to {_files(list(attempt.changed))}"

    def apply_all(self, subjects: list[str]) -> str:
        """Writes all safe repairs of subjects, and tells how many. Raises AmlcheckError where one cannot be written."""
        assert self._workspace is not None
        outcome = fix(self._workspace, subjects, unsafe=False)
        for path, before, after in outcome.files:
            write(Path(os.path.realpath(path)), before, after)
        if not outcome.files:
            return "nothing can be repaired safely"
        count = sum(len(one.items) for one in outcome.fixed)
        return f"{count} repaired in {_files([path for path, _, _ in outcome.files])}"


def _files(paths: list[str]) -> str:
    names = [os.path.relpath(path) for path in paths]
    return ", ".join(names) if len(names) <= 3 else f"{len(names)} files"
