"""Cases and page examples: a Dockerfile, the options it is checked with, and what is expected of it."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

from amlcheck.arguments import parser
from amlcheck.catalog import Catalog, Rule, catalog
from amlcheck.judge import Circumstances
from amlcheck.lint import LintOptions, lint_file
from amlcheck.model import Fact, Finding, Judgement, Location, SubjectReport
from amlcheck.profiles import load_profile, with_flavour, with_requirements

ROOT = Path(__file__).resolve().parent.parent
CASES = ROOT / "tests" / "cases"
KINDS = ("bad", "good", "undecided")
EXPECTATIONS = frozenset({"found", "path", "line", "column", "text", "chain", "reason", "message", "count"})
_FENCE = re.compile(r"^```dockerfile *(?P<options>[^\n]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_HEADER = re.compile(r"# (?P<key>options|expect): (?P<value>.+)")


@dataclass(frozen=True)
class Case:
    """One file under tests/cases, named by what is expected of it."""

    rule: str
    kind: str
    path: Path
    options: str
    expect: dict[str, str]

    @property
    def name(self) -> str:
        place = self.path.parent if self.path.name == "Dockerfile" else self.path
        return f"{self.rule}/{place.name.removesuffix('.Dockerfile')}"


@dataclass(frozen=True)
class Example:
    """One fenced Dockerfile of a rule's page."""

    kind: str
    options: str
    text: str


def cases() -> list[Case]:
    """All cases, by name."""
    found = [*CASES.glob("*/*.Dockerfile"), *CASES.glob("*/*/Dockerfile")]
    return sorted((_case(path) for path in found), key=lambda case: case.name)


def _case(path: Path) -> Case:
    folder = path.parent if path.name == "Dockerfile" else path
    header: dict[str, str] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        match = _HEADER.fullmatch(line)
        if match is None:
            break
        header[match.group("key")] = match.group("value")
    expect = dict(word.partition("=")[::2] for word in shlex.split(header.get("expect", "")))
    unknown = set(expect) - EXPECTATIONS
    if unknown:
        raise ValueError(f"{path}: expects {', '.join(sorted(unknown))}, which nothing checks")
    return Case(folder.parent.name, folder.name.partition("-")[0], path, header.get("options", ""), expect)


def examples(rule: Rule) -> list[Example]:
    """The examples of a rule's page, by the section they stand in."""
    found: list[Example] = []
    for section in re.split(r"^## ", rule.page, flags=re.MULTILINE)[1:]:
        title, _, body = section.partition("\n")
        kind = title.strip().lower()
        if kind in KINDS:
            found.extend(Example(kind, match["options"], match["text"]) for match in _FENCE.finditer(body))
    return found


def options_of(text: str, known: Catalog | None = None) -> LintOptions:
    """Options as a case states them, read by the program's own command line."""
    catalogue = known or catalog()
    given = parser().parse_args(["lint", *shlex.split(text)])
    profile = load_profile(catalogue, given.profile or "azureml-2021-04")
    if given.flavour:
        profile = with_flavour(catalogue, profile, given.flavour)
    return LintOptions(
        profile=with_requirements(profile, given.require or ()),
        circumstances=Circumstances(bool(given.datasets), bool(given.user_managed)),
        target=given.target or "",
        build_args=dict(item.partition("=")[::2] for item in given.build_arg or ()),
    )


def check(path: Path, options: str = "", known: Catalog | None = None) -> SubjectReport:
    """A file as `amlcheck lint` checks it; the paths in the report are relative to its folder."""
    report = lint_file(known or catalog(), path, path.name, options_of(options, known))
    assert not report.error, report.error
    return report


def judgement(report: SubjectReport, component: str) -> Judgement:
    """The verdict on one component."""
    return next(item for item in report.judgements if item.component == component)


def findings(report: SubjectReport, rule: str) -> list[Finding]:
    """What one rule found."""
    return [item for item in report.findings if item.rule == rule]


def locations(item: Judgement) -> list[Location]:
    """Where the evidence for a verdict stands, in the order of cause."""
    chain = [piece for witness in item.witnesses for piece in witness.testimony.evidence]
    return [piece.location for piece in chain if piece.location is not None]


def words_at(report: SubjectReport, location: Location) -> str:
    """The words that a location names, read from the file itself."""
    text = next(text for path, text in report.sources.items() if path == location.path)
    lines = text.split("\n")
    if location.line == location.end_line:
        return lines[location.line - 1][location.column - 1 : location.end_column - 1]
    first, last = lines[location.line - 1], lines[location.end_line - 1]
    between = lines[location.line : location.end_line - 1]
    return "\n".join([first[location.column - 1 :], *between, last[: location.end_column - 1]])


def value_of(item: Judgement) -> str | None:
    """The witness's own word for what it saw."""
    testimony = item.witnesses[0].testimony
    return testimony.value.text if isinstance(testimony, Fact) else None
