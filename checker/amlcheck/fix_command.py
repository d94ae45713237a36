"""`amlcheck lint --fix` and `--diff`: what can be repaired is, or would be; what is left is reported as ever.

Standard output has the report, or the diff, or, where a Dockerfile is read from standard input, its repaired text; what
was done is told on standard error.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from contextlib import nullcontext, redirect_stdout
from pathlib import Path

from amlcheck import looking
from amlcheck.catalog import catalog
from amlcheck.concluding import report_of
from amlcheck.errors import AmlcheckError
from amlcheck.exits import Exit
from amlcheck.fixing import patch
from amlcheck.fixing.allowed import STDIN, Allowed
from amlcheck.fixing.announcing import Fixed
from amlcheck.fixing.engine import Outcome, fix, with_repairs
from amlcheck.fixing.workspace import Item, Workspace
from amlcheck.fixing.writing import write as write_file
from amlcheck.judge import exit_code
from amlcheck.lint_command import Run, checked, planned
from amlcheck.model import Finding, Location, Report, SubjectReport
from amlcheck.records import replace
from amlcheck.report.destination import write_bytes_out
from amlcheck.report.harmless import in_text, is_log
from amlcheck.report.writing import write_report
from amlcheck.run import PARALLEL_FROM
from amlcheck.streams import read_input, say

LISTED = 100
"""Repairs that are listed of those that were made."""
SHOWN = 20
"""Repairs that are listed of those that were not made."""


def run_fix(options: argparse.Namespace) -> Exit:
    """Repairs, and reports what is left; or only shows the diff. Raises AmlcheckError."""
    run = with_standard_input(planned(options))
    before = checked(unwritten(run), run.lint)
    workspace = workspace_of(run, before, written=not options.diff)
    wanted = [subject.subject for subject in before.subjects if not subject.error]
    outcome = fix(workspace, wanted, options.unsafe_fixes)
    if options.diff:
        _show(patch.unified(outcome.files), options.output)
        _tell(outcome, would=True)
        _tell_outside([path for path, _, _ in outcome.files if patch.is_outside(path)])
        failed = any(subject.error for subject in before.subjects)
        return Exit.ERROR if failed else Exit.VIOLATED if outcome.files else Exit.MET
    for path, old, new in outcome.files:
        if path != STDIN:
            write_file(Path(os.path.realpath(path)), old, new)
    after = checked(run, replace(run.lint, changed=_left_in_memory(workspace)))
    if STDIN in run.names:
        _show(workspace.changed[STDIN], None, whole=True)
    _tell(outcome, would=False)
    with redirect_stdout(sys.stderr) if STDIN in run.names else nullcontext():
        write_report(after, options, run.settings.config)
    return exit_code(after)


def with_repairs_shown(run: Run) -> Report:
    """The report of a run with the repairs that prove right; nothing is written. Raises AmlcheckError."""
    run = with_standard_input(run)
    report = checked(run, run.lint)
    workspace = workspace_of(run, report)
    return replace(report, subjects=tuple(_all_with_repairs(workspace, report.subjects)))


def _all_with_repairs(workspace: Workspace, subjects: Sequence[SubjectReport]) -> list[SubjectReport]:
    """Each subject with its repairs, in several processes where there are many."""
    workers = min(os.cpu_count() or 1, len(subjects))
    if len(subjects) < PARALLEL_FROM or workers < 2 or sys.platform != "linux" or looking.is_heard():
        return [with_repairs(workspace, subject) for subject in subjects]
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    global _shared
    _shared = workspace  # a forked process has it without being sent it
    try:
        with ProcessPoolExecutor(workers, multiprocessing.get_context("fork")) as pool:
            return list(pool.map(_with_repairs_in_worker, subjects, chunksize=8))
    except (OSError, RuntimeError):  # no more processes can be started, or one was killed
        return [with_repairs(workspace, subject) for subject in subjects]
    finally:
        _shared = None


_shared: Workspace | None = None


def _with_repairs_in_worker(subject: SubjectReport) -> SubjectReport:
    assert _shared is not None
    return with_repairs(_shared, subject)


def workspace_of(run: Run, report: Report, written: bool = False) -> Workspace:
    """A run's files, of which a report says what is wrong with them."""
    settings = unwritten(run).settings

    def concluded(subject: SubjectReport) -> SubjectReport:
        return report_of((subject,), settings).subjects[0]

    allowed = Allowed.of(run.options.paths, run.names, run.lint.context, written)
    return Workspace(catalog(), run.lint, allowed, report.subjects, concluded)


def unwritten(run: Run) -> Run:
    """The run as it is before anything is repaired: what it writes of its report it writes later."""
    return replace(run, settings=replace(run.settings, write_baseline=None))


def with_standard_input(run: Run) -> Run:
    """The run with what standard input holds, which can be read only once. Raises AmlcheckError."""
    if STDIN not in run.names or STDIN in run.lint.changed:
        return run
    changed = {**run.lint.changed, STDIN: read_input()}
    return replace(run, lint=replace(run.lint, changed=changed))


def _left_in_memory(workspace: Workspace) -> dict[str, bytes]:
    return {path: content for path, content in workspace.changed.items() if path == STDIN}


def _show(content: bytes, output: str | None, whole: bool = False) -> None:
    """Puts a diff, or a text, where it was asked for: bytes as they are, unless a terminal would obey them."""
    if output not in (None, "-"):
        try:
            Path(str(output)).write_bytes(content)
        except OSError as error:
            raise AmlcheckError(f"{output}: cannot be written: {error.strerror or error}") from error
        return
    if sys.stdout is not None and sys.stdout.isatty() and not whole:
        content = patch.for_terminal(content).encode("utf-8", "replace")
    elif is_log() and not whole:
        content = in_text(content.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
    write_bytes_out(content)


# --- what was done ---------------------------------------------------------------------------------------------------


def _tell(outcome: Outcome, would: bool) -> None:
    """What was repaired, what was not and why, and what unsafe repairs would add."""
    count = sum(len(item.items) for item in outcome.fixed)
    verb = "would fix" if would else "fixed"
    files = f" in {_number(len(outcome.files), 'file')}" if outcome.files else ""
    lines = [f"{verb} {_number(count, 'finding')}{files}{':' if outcome.fixed else ''}"]
    lines += [f"  {_repaired(item)}" for item in outcome.fixed[:LISTED]]
    if len(outcome.fixed) > LISTED:
        lines.append(f"  and {len(outcome.fixed) - LISTED} more")
    for dropped in outcome.dropped[:SHOWN]:
        where = _where(dropped.subject, dropped.item)
        lines.append(f"not fixed: {where}: {dropped.item.rule}: {dropped.repair.title}: {dropped.reason}")
    if len(outcome.dropped) > SHOWN:
        lines.append(f"not fixed: {len(outcome.dropped) - SHOWN} more")
    if outcome.unsafe:
        more = sum(len(item.items) for item in outcome.unsafe)
        lines.append(f"{more} more can be fixed with --unsafe-fixes:")
        lines += [f"  {_repaired(item)}" for item in outcome.unsafe[:SHOWN]]
        if len(outcome.unsafe) > SHOWN:
            lines.append(f"  and {len(outcome.unsafe) - SHOWN} more")
    say(in_text(patch.visible("\n".join(lines))))


def _tell_outside(paths: Sequence[str]) -> None:
    """Which parts of the diff cannot be applied where they are, and where they can."""
    if paths:
        folder = os.path.commonpath([os.path.dirname(os.path.realpath(path)) for path in paths])
        more = f" and {_number(len(paths) - 1, 'more file')}" if len(paths) > 1 else ""
        told = (
            f"{paths[0]}{more}: outside of the working directory, where git apply and patch change nothing;"
            f" make the diff in {folder}"
        )
        say(in_text(patch.visible(told)))


def _repaired(fixed: Fixed) -> str:
    rules = ", ".join(dict.fromkeys(item.rule for item in fixed.items))
    place = fixed.repair.edits[0].location
    return f"{_place(place)}: {rules}: {fixed.repair.title}"


def _where(subject: str, item: Item) -> str:
    return _place(item.location) if isinstance(item, Finding) and item.location is not None else subject


def _place(location: Location) -> str:
    return f"{location.path}:{location.line}:{location.column}"


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
