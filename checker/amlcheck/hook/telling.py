"""What the user reads of a push: one line on standard error where all is well, else the findings, their fixes, and one line."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from amlcheck.regex import regex
from amlcheck.report.harmless import in_text
from amlcheck.streams import columns

if TYPE_CHECKING:
    from amlcheck.hook.checking import Checked
    from amlcheck.model import Report

SKIP = "AMLCHECK_SKIP"
_CONTROL = regex(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_SHOWN = 4
"""Files that are named in the one line where all is well."""


def is_skipped() -> bool:
    """Whether the user wants no check."""
    return os.environ.get(SKIP, "").lower() not in ("", "0", "false", "no", "off")


def say(text: str) -> None:
    """One line on standard error, where nothing that git or a program prints to be read is."""
    _write("amlcheck: " + _CONTROL.sub("\ufffd", text) + "\n")


def _write(text: str) -> None:
    if sys.stderr is None:
        return
    encoding = sys.stderr.encoding or "utf-8"
    sys.stderr.write(in_text(text).encode(encoding, "replace").decode(encoding))
    sys.stderr.flush()


def tell(checked: Sequence[Checked]) -> bool:
    """Says what was found in all commits of a push; whether it must not go on."""
    shown: set[str] = set()
    stopped: list[str] = []
    for each in checked:
        failing = [report for report in map(_failing, each.reports) if report.subjects]
        if not failing:
            continue
        names = [subject.subject for report in failing for subject in report.subjects]
        for report in failing:
            text = _rendered(report)
            if text not in shown:  # several branches may have it
                shown.add(text)
                _write(text)
        stopped.append(
            f"push to {each.pushed.ref} stopped: {_counted(failing)} in {_named(names)} of commit {each.pushed.commit[:10]}"
        )
    for line in stopped:
        say(line)
    lacking = list(dict.fromkeys(item for each in checked for item in each.lacking))
    for item in lacking:
        say(f"not checked: {item}")
    if stopped:
        say(f"fix it, commit, and push again; git push --no-verify, or {SKIP}=1, pushes without the check")
    elif not lacking:
        say(_well(checked))
    return bool(stopped)


def _well(checked: Sequence[Checked]) -> str:
    reports = [report for each in checked for report in each.reports]
    names = list(dict.fromkeys(subject.subject for report in reports for subject in report.subjects))
    if not names:
        return "ok, no image is concerned" if checked else "ok, nothing new is pushed"
    undecided = {
        (subject.subject, item.component)
        for report in reports
        for subject in report.subjects
        for item in subject.judgements
        if item.verdict.value == "undecided" and item.waiver is None
    }
    told = f", {len(undecided)} undecided" if undecided else ""
    return f"ok, {_named(names)}{told}"


def _named(names: Sequence[str]) -> str:
    more = len(names) - _SHOWN
    return ", ".join(names) if more <= 1 else f"{', '.join(names[:_SHOWN])} and {more} more files"


def _failing(report: Report) -> Report:
    """A report of nothing but what stops the push."""
    from amlcheck.judge import fails
    from amlcheck.records import replace

    subjects = []
    for subject in report.subjects:
        judgements = tuple(item for item in subject.judgements if fails(report, item))
        findings = tuple(item for item in subject.findings if fails(report, item))
        if judgements or findings or subject.error:
            subjects.append(replace(subject, judgements=judgements, findings=findings))
    return replace(report, subjects=tuple(subjects))


def _counted(reports: Sequence[Report]) -> str:
    subjects = [subject for report in reports for subject in report.subjects]
    violations = sum(len(subject.judgements) for subject in subjects)
    findings = sum(len(subject.findings) for subject in subjects)
    errors = sum(bool(subject.error) for subject in subjects)
    parts = ((violations, "violation", "violations"), (findings, "finding", "findings"), (errors, "error", "errors"))
    return ", ".join(f"{number} {one if number == 1 else many}" for number, one, many in parts if number)


def _rendered(report: Report) -> str:
    from amlcheck.report import text_report

    terminal = sys.stderr is not None and sys.stderr.isatty()
    width = columns(100) if terminal or "COLUMNS" in os.environ else 100
    colour = terminal and "NO_COLOR" not in os.environ
    return text_report.render(report, min(width, 120), colour, summary=False)
