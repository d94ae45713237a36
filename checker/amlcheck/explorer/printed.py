"""What the explorer shows, for where there is no terminal: the matrix, then everything that is wrong or open, in full."""

from __future__ import annotations

import io

from rich.console import Console

from amlcheck.explorer.items import items_of
from amlcheck.explorer.matrix import table
from amlcheck.explorer.state import Size, State
from amlcheck.model import Report
from amlcheck.report import text_report

WIDE = 10_000


def printed(report: Report, width: int | None, colour: bool) -> str:
    """The report as text, for a terminal of that many columns; None is a file, where lines of the matrix may be long."""
    out = io.StringIO()
    console = Console(
        file=out,
        width=width or WIDE,
        force_terminal=colour,
        no_color=not colour,
        color_system="standard" if colour else None,
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
    )
    if len(report.subjects) > 1:
        for row in table(State(report, items_of(report), Size(width or WIDE))):
            console.print(row, no_wrap=True, crop=True)
        console.print()
    matrix = "\n".join(line.rstrip() for line in out.getvalue().split("\n"))
    return matrix + text_report.render(report, min(width or 100, 120), colour)
