"""Logging commands of Azure Pipelines, and the summary of the run.

An issue is an error or a warning, and a step has at most ten of either; what is less, or more, stands in the log as plain
lines. The agent decodes `%AZP25` as the percent sign; older ones than of March 2021 show it as it is.
"""

from __future__ import annotations

import hashlib
import os

from amlcheck.errors import AmlcheckError
from amlcheck.model import Report
from amlcheck.report import markdown, paths, summary
from amlcheck.report.destination import write_file
from amlcheck.report.entries import FILES, Entry, problems
from amlcheck.report.github import first_few, level_of, log_line, message_of
from amlcheck.report.harmless import in_command, in_text, one_line

FOLDER = "AGENT_TEMPDIRECTORY"
SUMMARY_LIMIT = 1024 * 1024
_ISSUES = ("error", "warning")


def render(report: Report) -> str:
    """The report as lines that the agent acts on, and one for people."""
    named = paths.naming()
    by_level: dict[str, list[Entry]] = {level: [] for level in (*_ISSUES, "notice")}
    for entry in problems(report):
        by_level[level_of(entry)].append(entry)
    lines: list[str] = []
    for level in _ISSUES:
        shown, rest = first_few(by_level[level])
        lines += [_issue(level, entry, named) for entry in shown]
        if rest:
            lines.append(f"##vso[task.logissue type={level}]{_escaped(f'{len(rest)} more stand in the log below')}")
    for level, found in by_level.items():
        rest = found if level not in _ISSUES else first_few(found)[1]
        lines += [in_text(f"  {level}: {log_line(entry)}") for entry in rest]
    lines += [in_text(f"amlcheck: {one_line(told)}") for told in (*report.notes, summary.counted(report))]
    return "\n".join(lines) + "\n"


def publish(report: Report) -> str:
    """Puts the summary where the agent fetches it, and tells it so, where an agent runs this. Raises AmlcheckError.

    The file is named by what it says: the agent reads it after the step, when another step may have written its own.
    """
    folder = os.environ.get(FOLDER)
    if not folder:
        return ""
    text = markdown.body(report, SUMMARY_LIMIT)
    name = f"amlcheck-{hashlib.sha256(text.encode('utf-8', 'replace')).hexdigest()[:16]}.md"
    path = os.path.join(folder, name)
    try:
        write_file(path, text)
    except AmlcheckError as error:
        raise AmlcheckError(f"{error} ({FOLDER})") from error
    return f"##vso[task.uploadsummary]{_escaped(path)}\n"


def _issue(level: str, entry: Entry, named: paths.Naming) -> str:
    properties = {"type": level, **_place(entry, named), "code": entry.rule}
    told = "".join(f"{name}={_escaped(one_line(value))};" for name, value in properties.items())
    return f"##vso[task.logissue {told}]{_escaped(message_of(entry))}"


def _place(entry: Entry, named: paths.Naming) -> dict[str, str]:
    location = entry.location
    if location is None:
        subject = entry.subject
        known = subject.kind in FILES and subject.subject != paths.STANDARD_INPUT
        return {"sourcepath": named(subject.subject)} if known else {}
    if location.path == paths.STANDARD_INPUT:
        return {}
    name = named(location.path)
    return {"sourcepath": name, "linenumber": str(location.line), "columnnumber": str(location.column)}


def _escaped(text: str) -> str:
    """The percent sign first: the agent undoes it last."""
    escaped = in_command(text).replace("%", "%AZP25").replace(";", "%3B").replace("\r", "%0D").replace("\n", "%0A")
    return escaped.replace("]", "%5D")
