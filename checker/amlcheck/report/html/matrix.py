"""The matrix: what was looked at, by requirement; each verdict leads to what it rests on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from amlcheck.model import COMPONENTS, Judgement, Report, Severity, SubjectReport, Verdict
from amlcheck.report.html.items import WORDS
from amlcheck.report.html.markup import Markup, tag

MAX_FOUND = 20
Names = Sequence[dict[int, str]]
"""For each subject, the anchor of each item by its `id()`."""


def columns(report: Report) -> list[str]:
    """The requirements that anything says something of, in the order of reports."""
    named = {item.component for subject in report.subjects for item in subject.judgements}
    return [component for component in COMPONENTS if component in named]


def matrix(report: Report, names: Names) -> Markup | None:
    """A row for each subject; None where no requirement was looked at."""
    components = columns(report)
    if not components:
        return None
    heads = [
        tag("th", "Subject", scope="col"),
        *(tag("th", component, scope="col") for component in components),
        tag("th", "Findings", scope="col"),
    ]
    rows = [_row(subject, index, components, names[index - 1]) for index, subject in enumerate(report.subjects, 1)]
    caption = tag("caption", "Verdicts by subject and requirement", class_="sr")
    return tag("table", caption, tag("thead", tag("tr", *heads)), tag("tbody", *rows), id="matrix")


def _row(subject: SubjectReport, number: int, components: list[str], names: dict[int, str]) -> Markup:
    head = tag("th", tag("a", subject.subject, href=f"#s{number}"), scope="row")
    if subject.error:
        words = tag("a", "could not be read", href=f"#s{number}")
        return tag("tr", head, tag("td", words, class_="violated unread", colspan=len(components) + 1))
    found = {item.component: item for item in subject.judgements}
    cells = [_cell(found.get(component), component, names) for component in components]
    return tag("tr", head, *cells, _findings(subject, number))


def _cell(item: Judgement | None, component: str, names: dict[int, str]) -> Markup:
    if item is None:
        return tag("td", class_="nothing", data_c=component)
    kind = item.verdict.value
    value = "" if item.verdict is Verdict.NOT_APPLICABLE else item.found or ""
    value = value if len(value) <= MAX_FOUND else value[: MAX_FOUND - 1] + "…"
    waived = item.waiver is not None
    said = f"{component} {WORDS[kind]}{', waived' if waived else ''} "
    link = tag(
        "a",
        tag("span", said, class_="sr"),
        tag("span", value, class_="value") if value else None,
        href=f"#{names[id(item)]}",
    )
    return tag("td", link, class_=f"{kind}{' waived' if waived else ''}", data_c=component)


def _findings(subject: SubjectReport, number: int) -> Markup:
    """How many findings count, by severity."""
    counts = Counter(item.severity for item in subject.findings if item.waiver is None)
    waived = sum(item.waiver is not None for item in subject.findings)
    told = [_many(counts[severity], severity.label) for severity in reversed(Severity) if counts[severity]]
    told += [f"{waived} waived"] if waived else []
    if not told:
        return tag("td", class_="nothing", data_c="findings")
    signs = [
        tag("span", str(counts[severity]), class_=severity.label) for severity in reversed(Severity) if counts[severity]
    ]
    link = tag(
        "a",
        tag("span", *(signs or [tag("span", f"({waived})", class_="off")]), aria_hidden="true"),
        tag("span", "findings: " + ", ".join(told), class_="sr"),
        href=f"#s{number}",
    )
    return tag("td", link, class_="sum", data_c="findings")


def _many(count: int, word: str) -> str:
    return f"{count} {word}{'s' if count != 1 and word != Severity.INFO.label else ''}"
