"""The page: what it comes to, the matrix, each subject, the rules, the sources. Standard library only, nothing loaded.

A strict Content-Security-Policy names the one style and the two scripts by their hashes: whatever else might get into the
page neither runs nor loads. Without JavaScript all of it can be read; only the filters are missing.
"""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from functools import lru_cache
from pathlib import Path

from amlcheck import __version__
from amlcheck.catalog import catalog
from amlcheck.exits import Exit
from amlcheck.judge import exit_code, fails
from amlcheck.model import Finding, Judgement, Report, Severity, SubjectReport, Verdict
from amlcheck.report.html import controls, deployments, items, rule_pages
from amlcheck.report.html.markup import Markup, join, short, tag, with_code
from amlcheck.report.html.matrix import columns, matrix
from amlcheck.report.html.sources import Sources

OPEN_UP_TO = 12
"""So many failing entries are shown open."""
MANY = 50
"""More subjects are laid out only as they come into sight, and what is met gets one line."""
MAX_FINDINGS = 300
"""Findings of one subject; where there are more, these are the gravest."""
MAX_ERROR = 2000
_ICON = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Crect width='16' height='16' "
    "rx='4' fill='%23{colour}'/%3E%3C/svg%3E"
)
_COLOURS = {
    Exit.MET: "1a7f37",
    Exit.VIOLATED: "b3261e",
    Exit.UNDECIDED: "9a6700",
    Exit.ERROR: "b3261e",
    Exit.INTERRUPTED: "b3261e",
}
_LOOKS = {
    Exit.MET: "met",
    Exit.VIOLATED: "violated",
    Exit.UNDECIDED: "undecided",
    Exit.ERROR: "violated",
    Exit.INTERRUPTED: "violated",
}


def render(report: Report) -> str:
    """The report as one HTML file. The same report gives the same bytes."""
    known = catalog()
    failing = sum(fails(report, item) for subject in report.subjects for item in _items(subject))
    writing = items.Writing(
        sources=Sources(),
        rules={rule.id for rule in known.rules},
        named=set(),
        open_failing=failing <= OPEN_UP_TO,
        brief=len(report.subjects) > MANY,
    )
    names = [_names(subject, number) for number, subject in enumerate(report.subjects, 1)]
    subjects = [
        _subject(subject, number, names[number - 1], report, writing)
        for number, subject in enumerate(report.subjects, 1)
    ]
    sections = [
        _section("verdicts", "Verdicts", matrix(report, names)),
        _section("results", "Results", *subjects),
        _section("rules", "Rules", *rule_pages.pages(writing.named, known)),
        _section("sources", "Sources", writing.sources.listing()),
    ]
    body = tag(
        "body",
        tag("a", "Skip to the results", href="#results", class_="skip"),
        _header(report, [name for name, section in _NAVIGATION if sections[section] is not None]),
        tag("main", _filters(report), *sections, id="main"),
        tag("footer", tag("p", f"amlcheck {__version__}, profile {report.profile}")),
        controls.dialog(),
        tag("script", Markup(_file("report.js"))),
        class_="many" if len(subjects) > MANY else None,
    )
    page = tag("html", _head(report), body, lang="en")
    # What is left of surrogates (there should be none) must not keep the page from being written.
    return f"<!DOCTYPE html>\n{page}\n".encode("utf-8", "replace").decode()


_NAVIGATION = (("verdicts", 0), ("results", 1), ("rules", 2), ("sources", 3))


@lru_cache
def _file(name: str) -> str:
    """One of our own files; in the page it stands as it is."""
    return (Path(__file__).parent / name).read_text(encoding="utf-8")


def _hash(name: str) -> str:
    digest = hashlib.sha256(_file(name).encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def _head(report: Report) -> Markup:
    policy = (
        f"default-src 'none'; script-src {_hash('theme.js')} {_hash('report.js')}; style-src {_hash('report.css')}; "
        "img-src data:; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
    )
    icon = _ICON.format(colour=_COLOURS[exit_code(report)])
    return tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("title", f"amlcheck: {_outcome(report)}"),
        Markup(f'<link rel="icon" href="{icon}">'),
        tag("style", Markup(_file("report.css"))),
        tag("script", Markup(_file("theme.js"))),
    )


def _header(report: Report, sections: list[str]) -> Markup:
    code = exit_code(report)
    profile = report.profile + (f" with {report.flavour}" if report.flavour else "")
    allowed = ", undecided is allowed" if report.allow_undecided else ""
    links = [tag("a", name.capitalize(), href=f"#{name}") for name in sections]
    failing = report.fail_on.label if report.fail_on is not None else "nothing"
    return tag(
        "header",
        tag(
            "div",
            tag("p", "amlcheck", class_="name"),
            tag("nav", *links, aria_label="Sections"),
            controls.theme(),
            class_="bar",
        ),
        tag("h1", _outcome(report), class_=_LOOKS[code]),
        tag("p", f"Profile {profile}; fails on {failing}{allowed}; exit code {int(code)}", class_="quiet"),
        _counts(report),
        *(tag("p", with_code(short(note, MAX_ERROR)), class_="remark") for note in report.notes),
    )


def _outcome(report: Report) -> str:
    """What it all comes to, in words."""
    subjects = len(report.subjects)
    many = f"{subjects} {'subject' if subjects == 1 else 'subjects'}"
    failing = sum(any(fails(report, item) for item in _items(subject)) for subject in report.subjects)
    unreadable = sum(bool(subject.error) for subject in report.subjects)
    of_many = f"{failing} of {many}" if subjects > 1 else "The subject" if not report.subjects else _only(report)
    code = exit_code(report)
    if code is Exit.INTERRUPTED:
        return f"Interrupted: not everything was checked; {failing} of {many} fail{'s' if failing == 1 else ''}"
    if code is Exit.ERROR:
        more = f"; {failing} of {many} fails" if failing == 1 else f"; {failing} of {many} fail" if failing else ""
        return f"{unreadable} of {many} could not be read{more}"
    if code is Exit.VIOLATED:
        return f"{of_many} {'fails' if failing == 1 else 'fail'}"
    if code is Exit.UNDECIDED:
        return "Nothing is violated, but something is undecided"
    return "Nothing fails"


def _only(report: Report) -> str:
    return short(report.subjects[0].subject, 120)


def _counts(report: Report) -> Markup:
    """The figures of the run."""
    all_items = [item for subject in report.subjects for item in _items(subject)]
    counted = [item for item in all_items if item.waiver is None]
    verdicts = Counter(item.verdict for item in counted if isinstance(item, Judgement))
    severities = Counter(item.severity for item in counted if isinstance(item, Finding))
    waived = len(all_items) - len(counted)
    errors = sum(bool(subject.error) for subject in report.subjects)
    tiles = [(verdict.value, items.WORDS[verdict.value], verdicts[verdict]) for verdict in _VERDICTS]
    tiles += [
        (
            severity.label,
            severity.label + ("s" if severities[severity] != 1 and severity is not Severity.INFO else ""),
            n,
        )
        for severity in reversed(Severity)
        if (n := severities[severity])
    ]
    tiles += [("off", "waived", waived)] if waived else []
    tiles += [("violated", "not readable", errors)] if errors else []
    shown = [tag("li", tag("b", str(count)), f" {word}", class_=kind) for kind, word, count in tiles]
    return tag("ul", *shown, class_="counts")


_VERDICTS = (Verdict.VIOLATED, Verdict.UNDECIDED, Verdict.MET, Verdict.NOT_APPLICABLE)


def _filters(report: Report) -> Markup:
    found = sorted({finding.rule for subject in report.subjects for finding in subject.findings})
    waived = any(item.waiver is not None for subject in report.subjects for item in _items(subject))
    return join(
        [
            controls.filters(columns(report), found, waived),
            tag("p", id="shown", role="status", aria_live="polite", class_="quiet"),
        ]
    )


def _section(name: str, title: str, *content: Markup | None) -> Markup | None:
    shown = [part for part in content if part]
    if not shown:
        return None
    return tag("section", tag("h2", title, id=f"{name}-title"), *shown, id=name, aria_labelledby=f"{name}-title")


def _items(subject: SubjectReport) -> list[Judgement | Finding]:
    return [*subject.judgements, *subject.findings]


def _names(subject: SubjectReport, number: int) -> dict[int, str]:
    """The anchor of each item, by its `id()`: two findings may be equal."""
    return {id(item): f"s{number}-{index}" for index, item in enumerate(_items(subject), 1)}


def _subject(
    subject: SubjectReport, number: int, names: dict[int, str], report: Report, writing: items.Writing
) -> Markup:
    gravest = sorted(subject.findings, key=items.urgency)[:MAX_FINDINGS]
    left_out = len(subject.findings) - len(gravest)
    open_verdicts = [item for item in subject.judgements if items.is_problem(item)]
    problems: list[Judgement | Finding] = sorted([*open_verdicts, *gravest], key=items.urgency)
    settled = [item for item in subject.judgements if not items.is_problem(item)]

    def entries(shown: list[Judgement | Finding]) -> list[Markup]:
        return [items.entry(item, names[id(item)], subject, fails(report, item), writing) for item in shown]

    file = writing.sources.find(subject, subject.subject)
    return tag(
        "article",
        tag(
            "h3",
            tag("span", subject.subject, class_="path"),
            tag("span", f" {subject.kind}", class_="kind"),
            " ",
            tag("a", "source", href=f"#f{file.number}", class_="source-link") if file is not None else None,
        ),
        _about(subject),
        tag("p", tag("strong", "Error: "), short(subject.error, MAX_ERROR), class_="error-text")
        if subject.error
        else None,
        *(tag("p", with_code(short(note, MAX_ERROR)), class_="remark") for note in subject.notes),
        deployments.show(subject.deployment, subject, writing.sources) if subject.deployment is not None else None,
        *entries(problems),
        tag("p", f"and {left_out} findings more, which the other formats show", class_="quiet") if left_out else None,
        None if problems or subject.error else tag("p", "Nothing to do.", class_="quiet nothing-to-do"),
        _settled(settled, entries(list(settled))) if settled else None,
        class_="subject",
        id=f"s{number}",
    )


def _about(subject: SubjectReport) -> Markup | None:
    if not subject.about:
        return None
    rows = [tag("div", tag("dt", name), tag("dd", short(value, MAX_ERROR))) for name, value in subject.about.items()]
    return tag("dl", *rows, class_="facts")


def _settled(settled: list[Judgement], shown: list[Markup]) -> Markup:
    met = sum(item.verdict is Verdict.MET for item in settled)
    counts = [f"{met} met"] if met else []
    counts += [f"{len(settled) - met} not asked"] if len(settled) > met else []
    return tag("details", tag("summary", ", ".join(counts)), *shown, class_="settled")
