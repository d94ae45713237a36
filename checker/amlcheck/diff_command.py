"""`amlcheck diff OLD.json NEW.json`: what changed between two results."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from amlcheck.difference.compare import compare
from amlcheck.difference.model import Course, Difference
from amlcheck.errors import AmlcheckError
from amlcheck.exits import Exit
from amlcheck.model import Report
from amlcheck.report.destination import write_file, write_out
from amlcheck.report.harmless import IN_LOG
from amlcheck.report.json_reader import MAX_BYTES, parse, read_report
from amlcheck.streams import columns

STDIN = "-"


def run_diff(options: argparse.Namespace) -> Exit:
    """Compares and tells. Raises AmlcheckError for what cannot be read or written."""
    if options.old == options.new == STDIN:
        raise AmlcheckError("-: standard input can be read once; name a file for the older or the newer result")
    difference = compare(_read(options.old), _read(options.new))
    language = {"json": "json", "markdown": "markup"}.get(options.format, "text")
    text = IN_LOG[language](_rendered(difference, options))
    if options.output not in (None, STDIN):
        write_file(options.output, text)
    else:
        write_out(text)
    return Exit.VIOLATED if _fails(difference, options.fail_on) else Exit.MET


def _read(name: str) -> Report:
    if name != STDIN:
        return read_report(Path(name))
    content = sys.stdin.buffer.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise AmlcheckError(f"standard input: has more than {MAX_BYTES >> 20} MB; that is no result of amlcheck")
    return parse(content.decode("utf-8", "replace"), "standard input")


def _fails(difference: Difference, fail_on: str) -> bool:
    if fail_on == "change":
        return bool(difference.run or difference.changed)
    return fail_on == "worse" and difference.count(Course.WORSE) > 0


def _rendered(difference: Difference, options: argparse.Namespace) -> str:
    if options.format == "json":
        from amlcheck.difference import data

        return data.render(difference)
    if options.format == "markdown":
        from amlcheck.difference import markdown

        return markdown.render(difference)
    from amlcheck.difference import text

    to_terminal = options.output in (None, STDIN) and sys.stdout is not None and sys.stdout.isatty()
    colour = options.color == "always" or (options.color == "auto" and to_terminal and "NO_COLOR" not in os.environ)
    width = columns(text.WIDTH) if to_terminal else text.WIDTH
    return text.render(difference, min(width, 120), colour)
