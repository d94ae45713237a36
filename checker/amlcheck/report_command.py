"""`amlcheck report`: a result, a folder or an image in the terminal explorer, or printed where there is no terminal."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from amlcheck.discover import same
from amlcheck.errors import AmlcheckError
from amlcheck.exits import Exit
from amlcheck.judge import exit_code
from amlcheck.lint_command import Settings, settings_of
from amlcheck.model import Report
from amlcheck.naming import FILES, IMAGE, RESULT, STDIN, kind_of
from amlcheck.records import replace
from amlcheck.report.writing import write_report
from amlcheck.streams import columns

if TYPE_CHECKING:
    from amlcheck.explorer.checking import Checking
    from amlcheck.explorer.session import Actions


def run_report(options: argparse.Namespace) -> Exit:
    """Shows, and gives the exit code of what was shown last. Raises AmlcheckError for what the user must change."""
    given = list(options.what) or ["."]
    if given.count(STDIN) > 1:
        raise AmlcheckError("-: standard input can be read once")
    given = list({same(name) if name != STDIN else name: name for name in reversed(given)}.values())[::-1]
    kinds = [kind_of(name, options.pull) for name in given]
    checking = _checking(given, options) if set(kinds) == {FILES} else None
    report, settings = _made(given, kinds, options, checking)
    if options.format is not None or options.output is not None:
        if checking is not None:
            report = replace(report, subjects=tuple(checking.repairs(subject) for subject in report.subjects))
        write_report(report, options, settings.config)
        return exit_code(report)
    with _keyboard(STDIN in given) as keyboard:
        if options.print or not _can_explore(keyboard):
            from amlcheck.report.destination import write

            write(_printed(report, options), None)
            return exit_code(report)
        from amlcheck.explorer.session import explore
        from amlcheck.explorer.terminal import Terminal

        terminal = Terminal(_colour(options), keyboard)
        return exit_code(explore(report, terminal, _actions(kinds, checking)))


def _checking(paths: list[str], options: argparse.Namespace) -> Checking:
    """The files of a run of `lint` with these options."""
    from amlcheck.explorer.checking import Checking

    return Checking(argparse.Namespace(**{**vars(options), "paths": paths}))


def _made(
    given: list[str], kinds: list[str], options: argparse.Namespace, checking: Checking | None
) -> tuple[Report, Settings]:
    """The report on all that was named: results, then files, then images."""
    settings = settings_of(options)
    if checking is not None:
        return checking.report(), settings
    reports = [_read(name, options, settings) for name, kind in zip(given, kinds, strict=True) if kind == RESULT]
    paths = [name for name, kind in zip(given, kinds, strict=True) if kind == FILES]
    if paths:
        reports.append(_checking(paths, options).report())
    images = [name for name, kind in zip(given, kinds, strict=True) if kind == IMAGE]
    if images:
        from amlcheck.probe_command import probe_report

        reports.append(probe_report(argparse.Namespace(**{**vars(options), "images": images}))[0])
    profiles = dict.fromkeys(report.profile for report in reports)
    subjects = tuple(subject for report in reports for subject in report.subjects)
    return replace(reports[0], profile=", ".join(profiles), subjects=subjects), settings


def _read(name: str, options: argparse.Namespace, settings: Settings) -> Report:
    """A result as it was, but that options say what fails."""
    from amlcheck.explorer.files import with_files
    from amlcheck.report import json_reader

    asked = [option for option in ("profile", "flavour", "require") if getattr(options, option)]
    if asked:
        raise AmlcheckError(
            f"--{asked[0]}: {name} is a result, all is decided in it; check the files or the image again"
        )
    if name == STDIN:
        report = json_reader.parse(sys.stdin.buffer.read().decode("utf-8", "replace"), "standard input")
    else:
        report = json_reader.read_report(Path(name))
    if options.fail_on is not None:
        report = replace(report, fail_on=settings.fail_on)
    if options.allow_undecided is not None:
        report = replace(report, allow_undecided=options.allow_undecided)
    return with_files(report)


def _actions(kinds: list[str], checking: Checking | None) -> Actions:
    """What can be done from the explorer: files are checked again and repaired, of results only the known repairs."""
    from amlcheck.explorer.files import apply, with_files
    from amlcheck.explorer.session import Actions
    from amlcheck.explorer.state import Abilities

    if checking is not None:
        return Actions(
            Abilities(apply=True, recheck=True),
            apply=checking.apply,
            apply_all=checking.apply_all,
            recheck=checking.again,
            repairs=checking.repairs,
        )
    if RESULT not in kinds:
        return Actions(Abilities(why_not="an image is not repaired, but its Dockerfile: amlcheck report DIR"))
    return Actions(
        Abilities(apply=True, ask_always=True),
        apply=lambda subject, item: apply(item.repair, subject.sources) if item.repair is not None else "",
        refresh=with_files,
    )


def _can_explore(keyboard: int | None) -> bool:
    """Whether there is a terminal; on Windows it is only printed to."""
    if sys.platform == "win32":
        return False
    from amlcheck.explorer.terminal import can_explore

    return can_explore(keyboard)


@contextmanager
def _keyboard(elsewhere: bool) -> Iterator[int | None]:
    """Where keys come from: the terminal itself, where standard input is a result that is piped in."""
    if not elsewhere or sys.stdout is None or not sys.stdout.isatty():
        yield None
        return
    try:
        keyboard = os.open("/dev/tty", os.O_RDWR)
    except OSError:
        yield None
        return
    try:
        yield keyboard
    finally:
        os.close(keyboard)


def _colour(options: argparse.Namespace) -> bool:
    to_terminal = sys.stdout is not None and sys.stdout.isatty()
    wanted: str = options.color
    able = to_terminal and os.environ.get("TERM") != "dumb" and "NO_COLOR" not in os.environ
    return wanted == "always" or (wanted == "auto" and able)


def _printed(report: Report, options: argparse.Namespace) -> str:
    from amlcheck.explorer.printed import printed

    narrow = (sys.stdout is not None and sys.stdout.isatty()) or "COLUMNS" in os.environ
    width = columns(80) if narrow else None
    return printed(report, width, _colour(options))
