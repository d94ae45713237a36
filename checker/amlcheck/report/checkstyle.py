"""Checkstyle's XML, which reviewdog, Jenkins (warnings-ng) and many others read: what there is to do, file by file.

A file about which there is nothing to say is listed too, without errors. What is undecided is a warning where it counts
against the exit code, otherwise an info, as it stands in none of Checkstyle's words.
"""

from __future__ import annotations

from xml.etree import ElementTree

from amlcheck.model import Report, Severity
from amlcheck.report import paths
from amlcheck.report.entries import FILES, Entry, Kind, entries
from amlcheck.report.harmless import one_line, xml
from amlcheck.report.junit import as_text

VERSION = "4.3"
"""Of the format: what readers have known since it became common."""


def render(report: Report) -> str:
    """What there is to do, as Checkstyle's XML."""
    named = paths.naming()
    files: dict[str, list[Entry]] = {_name(subject.subject, subject.kind, named): [] for subject in report.subjects}
    for entry in entries(report):
        if entry.is_problem:
            files.setdefault(_place(entry, named), []).append(entry)
    root = ElementTree.Element("checkstyle", {"version": VERSION})
    for name, found in files.items():
        file = ElementTree.SubElement(root, "file", {"name": xml(one_line(name))})
        for entry in found:
            ElementTree.SubElement(file, "error", _error(entry))
    return as_text(root)


def _name(subject: str, kind: str, named: paths.Naming) -> str:
    return named(subject) if kind in FILES else subject


def _place(entry: Entry, named: paths.Naming) -> str:
    if entry.location is not None:
        return named(entry.location.path)
    return _name(entry.subject.subject, entry.subject.kind, named)


def _error(entry: Entry) -> dict[str, str]:
    fix = f"; fix: {entry.fix}" if entry.fix else ""
    found = {"line": str(entry.location.line if entry.location is not None else 1)}
    if entry.location is not None:
        found["column"] = str(entry.location.column)
    return {
        **found,
        "severity": _severity(entry),
        "message": xml(one_line(f"{entry.told}{fix}")),
        "source": f"amlcheck.{entry.rule}",
    }


def _severity(entry: Entry) -> str:
    if entry.kind is Kind.UNDECIDED:
        return Severity.WARNING.label if entry.counts else Severity.INFO.label
    return entry.severity.label
