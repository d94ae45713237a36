"""Checks many files: in parallel where that pays, with progress on a terminal, in the order in which they were given."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from amlcheck import looking
from amlcheck.catalog import Catalog, catalog
from amlcheck.discover import is_environment_name
from amlcheck.dockerfile.context import Context
from amlcheck.errors import AmlcheckError
from amlcheck.lint import LintOptions, bases_of, decode, lint_file, lint_text
from amlcheck.model import Finding, SubjectReport
from amlcheck.records import replace
from amlcheck.streams import read_input

if TYPE_CHECKING:
    from amlcheck.remembering.files import FileMemory
    from amlcheck.remembering.looks import Look

    Outcome = tuple[SubjectReport, list[Look], bool]

PARALLEL_FROM = 24
"""Files from which starting processes pays (a process costs about as much as twenty files)."""
STDIN = "-"


class LintInterrupted(KeyboardInterrupt):
    """Ctrl-C while files were checked."""

    def __init__(self, reports: Sequence[SubjectReport]) -> None:
        """`reports`: of the files that were done, in order."""
        super().__init__()
        self.reports = reports


def lint_all(
    names: Sequence[str],
    options: LintOptions,
    told: Callable[[int], None] = lambda done: None,
    memory: FileMemory | None = None,
) -> list[SubjectReport]:
    """A report a file, in order. `told` hears how many are done. What is in `memory` and has not changed is not checked.

    Raises LintInterrupted, with what is done, for Ctrl-C.
    """
    reports: list[SubjectReport] = []
    try:
        for report in once(_reports(names, options, memory)):
            reports.append(report)
            told(len(reports))
    except KeyboardInterrupt:
        raise LintInterrupted(tuple(reports)) from None
    return reports


def once(reports: Iterable[SubjectReport]) -> Iterator[SubjectReport]:
    """Reports without what an earlier one said of the same place: several deployments may share a conda file."""
    said: set[Finding] = set()
    for report in reports:
        yield _once(report, said) if report.kind == "environment" else report


def _once(report: SubjectReport, said: set[Finding]) -> SubjectReport:
    left = tuple(finding for finding in report.findings if finding.location is None or finding not in said)
    said.update(left)
    return replace(report, findings=left)


def _reports(names: Sequence[str], options: LintOptions, memory: FileMemory | None) -> Iterator[SubjectReport]:
    workers = min(os.cpu_count() or 1, len(names))
    if len(names) < PARALLEL_FROM or workers < 2 or looking.is_heard():
        known = catalog()
        for name in names:
            yield _told(_outcome(known, name, options, memory))
        return
    if options.bases is not None:  # Asked for here, as what a worker process finds the others do not see.
        files = (name for name in names if name != STDIN)
        options.bases.prepare(base for name in files for base in bases_of(Path(name), options.of(name)))
    done = 0
    try:
        for report in _in_parallel(names, options, memory, workers):
            done += 1
            yield report
    except (OSError, RuntimeError):
        # No more processes or threads can be started, or one was killed; what is missing is done here.
        known = catalog()
        for name in names[done:]:
            yield _told(_outcome(known, name, options, memory))


def _in_parallel(
    names: Sequence[str], options: LintOptions, memory: FileMemory | None, workers: int
) -> Iterator[SubjectReport]:
    """The reports of worker processes. Raises OSError or RuntimeError where there can be none."""
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    method = "fork" if sys.platform == "linux" else None
    others = multiprocessing.active_children()
    pool = ProcessPoolExecutor(workers, multiprocessing.get_context(method), _prepare, (options, memory))
    try:
        chunk = max(1, min(16, len(names) // (workers * 4)))
        with _without_interruption():
            results = pool.map(_lint_in_worker, names, chunksize=chunk)
        yield from map(_told, results)
    except BaseException:
        import threading

        # What the pool's own thread thinks of that, concerns nobody.
        threading.excepthook = _say_nothing
        pool.shutdown(wait=False, cancel_futures=True)
        # Where only some could be started, nobody would tell those to end.
        for child in multiprocessing.active_children():
            if child not in others:
                child.terminate()
        raise
    pool.shutdown()


def _say_nothing(thread_ended: object) -> None:
    """Instead of a traceback of a thread."""


@contextmanager
def _without_interruption() -> Iterator[None]:
    """While processes are started, Ctrl-C waits: one that has not yet been told to leave it alone would show a traceback."""
    import signal

    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


_shared: tuple[LintOptions, FileMemory | None] | None = None


def _prepare(options: LintOptions, memory: FileMemory | None) -> None:
    import signal
    import threading

    global _shared
    _shared = options, memory
    # Ctrl-C is for the process that reports.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(RuntimeError):
        threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """A worker whose parent was killed would wait for its next file for ever: it holds both ends of the pipe."""
    from multiprocessing import parent_process

    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _lint_in_worker(name: str) -> Outcome:
    assert _shared is not None
    options, memory = _shared
    report, looks, lasting = _outcome(catalog(), name, options, memory)
    return report, looks, lasting and memory is not None  # without one, nobody noted what this process looked at


def _outcome(known: Catalog, name: str, options: LintOptions, memory: FileMemory | None) -> Outcome:
    """One file, from memory where it is as it was."""
    if memory is None or name == STDIN:
        return lint_one(known, name, options), [], True
    found = memory.recalled(name)
    if found is not None:
        return *found, True
    return memory.checked(name, lambda: lint_one(known, name, options))


def _told(outcome: Outcome) -> SubjectReport:
    """The report; who notes what is looked at hears of what happened elsewhere, or before."""
    report, looks, lasting = outcome
    looking.add(looks, lasting)
    return report


def lint_one(known: Catalog, name: str, options: LintOptions) -> SubjectReport:
    """The check of one file, or of standard input. What cannot be read is told in the report's `error`, never raised."""
    options = options.of(name)
    if name in options.refused:
        return SubjectReport(name, "dockerfile", error=options.refused[name])
    if is_environment_name(name):
        from amlcheck.environment.judging import lint_environment

        return lint_environment(known, name, options)
    if name != STDIN:
        return lint_file(known, Path(name), name, options)
    try:
        given = options.changed.get(STDIN)
        text = decode(read_input() if given is None else given, "standard input")
        context = Context(options.context, changed=options.changed) if options.context is not None else None
        return lint_text(known, STDIN, text, context, options)
    except AmlcheckError as error:
        return SubjectReport(STDIN, "dockerfile", error=str(error))
