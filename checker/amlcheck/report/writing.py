"""Where reports go: several formats at once, each to a file or to standard output, as options and configuration ask."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence

from amlcheck.config import Config
from amlcheck.errors import AmlcheckError, ConfigError
from amlcheck.model import Report
from amlcheck.nearest import nearest
from amlcheck.records import dataclass
from amlcheck.remembering import runs
from amlcheck.report import formats
from amlcheck.report.destination import write_file, write_out
from amlcheck.report.harmless import in_text
from amlcheck.streams import columns

_STANDARD_OUTPUT = ("-", "/dev/stdout", "/dev/fd/1")
_WIDTH = 100
"""Columns of text that no terminal shows."""
_MAX_WIDTH = 120


@dataclass(frozen=True, slots=True)
class Output:
    """One format, and where it goes."""

    format: str
    file: str = ""
    """Empty for standard output."""


def outputs(options: argparse.Namespace, config: Config) -> tuple[Output, ...]:
    """What is to be written where. Raises AmlcheckError for formats that are none, or that would meet in one place."""
    given: Sequence[str] = options.format or []
    told: Callable[[str], AmlcheckError] = AmlcheckError
    name = "--format"
    if not given and config.get("format") is not None:
        configured = config.get("format")
        given = [configured] if isinstance(configured, str) else configured
        given = [_relative(text, config) for text in given]
        told, name = _of_config(config), "format"
    asked = [_parse(text, name, told) for text in given] or [Output("text")]
    bare = [output for output in asked if not output.file]
    if len(bare) > 1:
        raise told(
            f"{name}: {' and '.join(output.format for output in bare)} would all go to standard output:"
            f" write all but one to files, as {bare[0].format}=FILE"
        )
    if options.output is not None and options.output not in _STANDARD_OUTPUT:
        if not bare:
            raise AmlcheckError(
                f"--output {options.output}: every format has a file of its own already; it is for the one that has none"
            )
        asked = [output if output.file else Output(output.format, options.output) for output in asked]
    _each_its_own(asked, told, name)
    return tuple(asked)


def write_report(report: Report, options: argparse.Namespace, config: Config) -> None:
    """Puts the report where it was asked for, in each format that was asked for; files first. Raises AmlcheckError."""
    failures = [_failure(output, report, options) for output in sorted(outputs(options, config), key=_files_first)]
    for failure in failures:
        if failure is not None:
            raise failure


def _files_first(output: Output) -> bool:
    return not output.file


def _failure(output: Output, report: Report, options: argparse.Namespace) -> AmlcheckError | None:
    """Writes one report; what went wrong is told later, as the other reports are still worth having."""
    try:
        text = _rendered(output, report, options) + formats.publish(output.format, report)
        if output.file:
            write_file(output.file, text)
        else:
            write_out(text)
        if runs.current is not None:
            runs.current.wrote(output.file, text)
            runs.current.forgotten |= output.format in formats.TO_SERVER
    except AmlcheckError as error:
        return error
    return None


def _rendered(output: Output, report: Report, options: argparse.Namespace) -> str:
    if output.format in formats.MACHINE:
        return formats.render(output.format, report)
    from amlcheck.report import text_report

    to_terminal = not output.file and sys.stdout is not None and sys.stdout.isatty()
    colour = options.color == "always" or (options.color == "auto" and to_terminal and "NO_COLOR" not in os.environ)
    wide = columns(text_report.DEFAULT_WIDTH) if to_terminal or "COLUMNS" in os.environ else _WIDTH
    return in_text(text_report.render(report, min(wide, _MAX_WIDTH), colour))


def _parse(text: str, name: str, told: Callable[[str], AmlcheckError]) -> Output:
    """FORMAT or FORMAT=FILE."""
    kind, equals, file = text.partition("=")
    if kind not in formats.NAMES:
        near = nearest(kind, formats.NAMES)
        hint = f"did you mean {near!r}?" if near else f"it is one of {', '.join(formats.NAMES)}"
        raise told(f"{name}: {kind!r} is none; {hint}")
    if equals and not file:
        raise told(f"{name}: {text!r} names no file; write {kind}=FILE, or {kind} for standard output")
    return Output(kind, "" if file in _STANDARD_OUTPUT else file)


def _relative(text: str, config: Config) -> str:
    """A file that the configuration names is relative to it."""
    kind, _, file = text.partition("=")
    return f"{kind}={config.relative(file)}" if file and file != "-" else text


def _of_config(config: Config) -> Callable[[str], AmlcheckError]:
    return lambda message: ConfigError(f"{config.path}: {message}")


def _each_its_own(asked: Sequence[Output], told: Callable[[str], AmlcheckError], name: str) -> None:
    seen: dict[str, str] = {}
    for output in asked:
        place = os.path.realpath(output.file) if output.file else ""
        if place and place in seen and not place.startswith("/dev/"):
            raise told(f"{name}: {seen[place]} and {output.format} would both be written to {output.file}")
        seen[place] = output.format
