"""`amlcheck probe`: images side by side, each opened, asked and closed; one report and exit code for all."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from amlcheck.catalog import Catalog, catalog
from amlcheck.concluding import report_of
from amlcheck.errors import AmlcheckError
from amlcheck.exits import Exit
from amlcheck.image.image import ImageReference, parse_image
from amlcheck.image.sources import OpenOptions, open_image
from amlcheck.judge import exit_code
from amlcheck.lint import lint_file
from amlcheck.lint_command import Settings, settings_of
from amlcheck.model import Report, SubjectReport
from amlcheck.probe import ProbeOptions, probe_image, unreadable
from amlcheck.probing import Probes, load_probes
from amlcheck.records import replace
from amlcheck.report.writing import write_report

if TYPE_CHECKING:
    from amlcheck.environment.judging import Supplied

PARALLEL = 4
"""Images that are probed at once: reading is bound by disk, network and engine, not by this process."""


def run_probe(options: argparse.Namespace) -> Exit:
    """Probes and reports. Raises AmlcheckError for what the user must change."""
    report, settings = probe_report(options)
    write_report(report, options, settings.config)
    return exit_code(report)


def probe_report(options: argparse.Namespace) -> tuple[Report, Settings]:
    """What `amlcheck probe` finds; nothing is written. Raises AmlcheckError for what the user must change."""
    known = catalog()
    settings = settings_of(options)
    if options.dockerfile is not None:
        settings = settings.for_file(options.dockerfile)
    references = [parse_image(text) for text in dict.fromkeys(options.images)]
    probes = load_probes(known, [Path(folder) for folder in options.probes or []])
    static = _static(known, options, settings)
    supplied = supplied_of(known, options.environment)
    probe_options = ProbeOptions(settings.lint.profile, settings.lint.circumstances)
    open_options = OpenOptions(
        pull=options.pull, platform=options.platform, execute=options.execute, gpus=options.gpus or ""
    )
    with _ending_well(), _progress(references) as told:
        subjects = _probe_all(known, probes, references, probe_options, open_options, static, supplied, told)
    return report_of(subjects, settings), settings


def _static(known: Catalog, options: argparse.Namespace, settings: Settings) -> SubjectReport | None:
    """The report on the Dockerfile. Raises AmlcheckError where it cannot be read."""
    if options.dockerfile is None:
        return None
    report = lint_file(known, Path(options.dockerfile), options.dockerfile, settings.lint)
    if report.error:
        raise AmlcheckError(report.error)
    return report


def supplied_of(known: Catalog, environment: str | None) -> Supplied | None:
    """What the environment in a file brings on top of the image. Raises AmlcheckError where it cannot be read."""
    if environment is None:
        return None
    from amlcheck.environment.judging import supplied_by

    return supplied_by(known, environment)


def _probe_all(
    known: Catalog,
    probes: Probes,
    references: Sequence[ImageReference],
    probe_options: ProbeOptions,
    open_options: OpenOptions,
    static: SubjectReport | None,
    supplied: Supplied | None,
    told: Callable[[int, str], None],
) -> list[SubjectReport]:
    wanted = probes.wanted

    def one(number: int) -> SubjectReport:
        reference = references[number]
        ours = replace(open_options, told=lambda text: told(number, text))
        try:
            image = open_image(reference, wanted, ours)
            try:
                return probe_image(known, probes, image, probe_options, static, supplied)
            finally:
                image.close()
        except AmlcheckError as error:
            return unreadable(reference.text, str(error))
        finally:
            told(number, "done")

    if len(references) == 1:
        return [one(0)]
    with ThreadPoolExecutor(min(PARALLEL, len(references))) as pool:
        try:
            return list(pool.map(one, range(len(references))))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


@contextmanager
def _ending_well() -> Iterator[None]:
    """What a dead run left is removed first; SIGTERM ends this one as Ctrl-C does, so that it leaves nothing either."""
    from amlcheck.image.ownership import ending_cleanly

    with ending_cleanly():
        yield


@contextmanager
def _progress(references: Sequence[ImageReference]) -> Iterator[Callable[[int, str], None]]:
    """A line an image on standard error while it is probed, for a terminal only."""
    if not sys.stderr.isatty():
        yield lambda number, text: None
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
    from rich.text import Text

    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        tasks = [bar.add_task(Text(reference.text).plain, total=None) for reference in references]

        def told(number: int, text: str) -> None:
            bar.update(tasks[number], description=f"{references[number].text}: {text}")

        yield told
