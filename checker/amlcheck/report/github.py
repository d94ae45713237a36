"""Annotations of GitHub Actions (workflow commands), and the summary of the step.

A step has at most ten annotations of a level; the runner drops the others without a word. So the gravest come first, the
tenth says how many more there are, and these stand below as plain lines.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from amlcheck.errors import AmlcheckError
from amlcheck.model import Report, Severity
from amlcheck.report import markdown, paths, summary
from amlcheck.report.entries import FILES, Entry, Kind, problems
from amlcheck.report.harmless import in_command, in_text, one_line

SUMMARY = "GITHUB_STEP_SUMMARY"
SUMMARY_LIMIT = 1024 * 1024
"""Bytes of one step's summary, all that wrote to it together."""
PER_LEVEL = 10
MAX_MESSAGE = 4000
"""Characters: the runner cuts after 4096."""
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def render(report: Report) -> str:
    """The report as lines that the runner acts on, and one for people."""
    named = paths.naming()
    by_level: dict[str, list[Entry]] = {level: [] for level in _LEVELS.values()}
    for entry in problems(report):
        by_level[level_of(entry)].append(entry)
    lines: list[str] = []
    for level, found in by_level.items():
        shown, rest = first_few(found)
        lines += [_annotation(level, entry, named) for entry in shown]
        if rest:
            lines.append(f"::{level} title=amlcheck::{_data(f'{len(rest)} more of this level stand in the log below')}")
    lines += [
        in_text(f"  {level}: {log_line(entry)}") for level, found in by_level.items() for entry in first_few(found)[1]
    ]
    lines += [in_text(f"amlcheck: {one_line(told)}") for told in (*report.notes, summary.counted(report))]
    return "\n".join(lines) + "\n"


def publish(report: Report) -> str:
    """Adds the summary to the step's, where GitHub runs this. Raises AmlcheckError."""
    path = os.environ.get(SUMMARY)
    if not path:
        return ""
    try:
        taken = os.path.getsize(path) if os.path.exists(path) else 0
        room = SUMMARY_LIMIT - taken - 1
        if room > markdown.COMMENT_LIMIT // 10:
            with open(path, "ab") as file:
                file.write(markdown.body(report, room).encode("utf-8", "replace") + b"\n")
    except OSError as error:
        raise AmlcheckError(f"{path} ({SUMMARY}): cannot be written: {error.strerror or error}") from error
    return ""


def level_of(entry: Entry) -> str:
    """What is undecided is a warning where it makes the exit code 3, else a notice."""
    if entry.kind is Kind.UNDECIDED:
        return "warning" if entry.counts else "notice"
    return _LEVELS[entry.severity]


def first_few(found: Sequence[Entry]) -> tuple[Sequence[Entry], Sequence[Entry]]:
    """Those that are shown, and the rest, for which the last place is kept."""
    if len(found) <= PER_LEVEL:
        return found, ()
    return found[: PER_LEVEL - 1], found[PER_LEVEL - 1 :]


def message_of(entry: Entry) -> str:
    """The message, and in a line of its own what to do."""
    name = one_line(entry.subject.subject)
    is_named = entry.subject.kind in FILES or entry.told.startswith(name)
    text = entry.told if is_named else f"{name}: {entry.told}"
    text += f"\nfix: {entry.fix}" if entry.fix else ""
    return text if len(text) <= MAX_MESSAGE else text[: MAX_MESSAGE - 1] + "…"


def log_line(entry: Entry) -> str:
    """An entry as a line for people."""
    location = entry.location
    where = f"{location.path}:{location.line}:{location.column}" if location is not None else entry.subject.subject
    return one_line(f"{where}: {entry.rule} {entry.told}")


def _annotation(level: str, entry: Entry, named: paths.Naming) -> str:
    properties = _place(entry, named)
    properties["title"] = entry.title
    told = ",".join(f"{name}={_property(value)}" for name, value in properties.items() if value)
    return f"::{level} {told}::{_data(message_of(entry))}"


def _place(entry: Entry, named: paths.Naming) -> dict[str, str]:
    """The file as the repository names it; columns only within one line, as GitHub takes no others."""
    location = entry.location
    if location is None:
        subject = entry.subject
        known = subject.kind in FILES and subject.subject != paths.STANDARD_INPUT
        return {"file": named(subject.subject)} if known else {}
    if location.path == paths.STANDARD_INPUT:
        return {}
    place = {"file": named(location.path), "line": str(location.line)}
    place["endLine"] = str(max(location.line, location.end_line))
    if location.end_line <= location.line:
        place["col"] = str(location.column)
        place["endColumn"] = str(max(location.column, location.end_column - 1))
    return place


def _data(text: str) -> str:
    """A message, of which nothing is a command to another CI either."""
    return in_command(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(one_line(text)).replace(":", "%3A").replace(",", "%2C")
