"""JUnit XML as Jenkins, GitLab, Azure Pipelines and others read it: a suite a file or image, a case a requirement or finding.

A case passes only where a requirement is met. It fails where something that counts is violated, it is an error where
something that counts is undecided or nothing could be read, and it is skipped, with its reason, where the exit code does
not care: what does not apply, what was waived, what is below --fail-on. So there is a failed case or an error exactly where
the exit code is not 0. There are no times: the same report is the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from xml.etree import ElementTree

from amlcheck.model import Report
from amlcheck.report.entries import READABLE, Entry, Kind, evidence_line, source_line, tested
from amlcheck.report.harmless import one_line, xml

_TAGS = ("failure", "error", "skipped")


def render(report: Report) -> str:
    """The report as JUnit XML."""
    suites = [_suite(list(group)) for _, group in groupby(tested(report), key=lambda entry: id(entry.subject))]
    root = ElementTree.Element("testsuites", {"name": "amlcheck", **_counted(suites, ("tests", "failures", "errors"))})
    root.extend(suites)
    return as_text(root)


def as_text(root: ElementTree.Element) -> str:
    """An XML document, of lines that can be compared."""
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _suite(shown: list[Entry]) -> ElementTree.Element:
    subject = shown[0].subject
    cases = [_case(entry) for entry in shown]
    counts = {tag: sum(case.find(tag) is not None for case in cases) for tag in _TAGS}
    suite = ElementTree.Element(
        "testsuite",
        {
            "name": xml(one_line(subject.subject)),
            "tests": str(len(cases)),
            "failures": str(counts["failure"]),
            "errors": str(counts["error"]),
            "skipped": str(counts["skipped"]),
        },
    )
    about = {"kind": subject.kind, **subject.about}
    properties = ElementTree.SubElement(suite, "properties")
    for name, value in about.items():
        ElementTree.SubElement(properties, "property", {"name": xml(name), "value": xml(one_line(value))})
    suite.extend(cases)
    if subject.notes:
        ElementTree.SubElement(suite, "system-out").text = "\n".join(xml(one_line(note)) for note in subject.notes)
    return suite


def _counted(suites: Iterable[ElementTree.Element], names: Iterable[str]) -> dict[str, str]:
    known = list(suites)
    return {name: str(sum(int(suite.get(name, "0")) for suite in known)) for name in names}


def _case(entry: Entry) -> ElementTree.Element:
    classname = xml(one_line(entry.subject.subject))
    case = ElementTree.Element("testcase", {"classname": classname, "name": xml(_name(entry))})
    if entry.kind is Kind.MET:
        ElementTree.SubElement(case, "system-out").text = xml(entry.message)
        return case
    kind = f"{entry.kind.value}" if entry.kind is not Kind.FINDING else entry.severity.label
    outcome = ElementTree.SubElement(case, _outcome(entry), {"type": kind, "message": xml(one_line(_headline(entry)))})
    if entry.kind is Kind.NOT_APPLICABLE:
        return case
    details = xml("\n".join(_details(entry)))
    if outcome.tag == "skipped":  # readers show a skipped case's message only; its text is for those who look further
        ElementTree.SubElement(case, "system-out").text = details
    else:
        outcome.text = details
    return case


def _name(entry: Entry) -> str:
    """The rule and what it is about; of a finding also its line, as there may be several."""
    if entry.kind is Kind.FINDING and entry.location is not None:
        return f"{entry.title}, line {entry.location.line}"
    return entry.title if entry.kind is not Kind.UNREADABLE else READABLE


def _outcome(entry: Entry) -> str:
    if not entry.counts:
        return "skipped"
    return "error" if entry.kind in (Kind.UNDECIDED, Kind.UNREADABLE) else "failure"


def _headline(entry: Entry) -> str:
    if entry.waiver is not None:
        until = f" until {entry.waiver.until}" if entry.waiver.until else ""
        return f"waived by {entry.waiver.by}{until}: {one_line(entry.waiver.reason)}: {entry.told}"
    if entry.kind is Kind.NOT_APPLICABLE:
        return f"not applicable: {entry.message}"
    below = (
        f"{entry.severity.label}, which does not fail: "
        if not entry.counts and entry.kind is not Kind.UNDECIDED
        else ""
    )
    return below + entry.told


def _details(entry: Entry) -> Iterable[str]:
    """What a reader who opens the case sees: the place and its line, the chain, the fix, and who asks."""
    yield entry.told
    if entry.location is not None:
        yield f"at {one_line(entry.location.path)}:{entry.location.line}:{entry.location.column}"
        line = source_line(entry.subject, entry.location)
        if line is not None:
            yield f"    {entry.location.line} | {one_line(line)}"
    for item in entry.chain:
        if item.location is None or item.location != entry.location:
            yield f"because of {evidence_line(item)}"
    if entry.fix:
        yield f"fix: {entry.fix}"
    if entry.source:
        yield f"source: {entry.source}"
