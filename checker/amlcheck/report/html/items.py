"""Verdicts and findings as entries that open: one line that says it, then evidence, fix, waiver and explanation."""

from __future__ import annotations

from amlcheck.model import Fact, Finding, Judgement, Location, Severity, SubjectReport, Verdict, Waiver
from amlcheck.records import dataclass
from amlcheck.report.html import evidence, repairs, rule_pages
from amlcheck.report.html.markup import Markup, join, short, tag, with_code
from amlcheck.report.html.sources import Sources

MAX_TITLE = 600
MAX_NAME = 40
"""Characters of a file's or rule's name where there is little room."""
WORDS = {**{verdict.value: verdict.value for verdict in Verdict}, Verdict.NOT_APPLICABLE.value: "not asked"}


@dataclass
class Writing:
    """What the entries of a page share."""

    sources: Sources
    rules: set[str]
    """The rules that have a page."""
    named: set[str]
    """Those of them that the report names so far."""
    open_failing: bool
    """Whether what fails is shown open: not where there is a lot of it."""
    brief: bool
    """Whether what is met gets one line and no more, as there are many subjects."""

    def explained(self, rule: str) -> Markup | None:
        """A link to a rule's page; None for a rule of the user's own, which has none here."""
        if rule not in self.rules:
            return None
        self.named.add(rule)
        link = tag(
            "a", f"Why, with good and bad examples: {rule}", href=f"#{rule_pages.anchor(rule)}", class_="explain"
        )
        return tag("p", link)


def status(item: Judgement | Finding) -> str:
    """What the item is for the filters: its verdict, or "finding"."""
    return "finding" if isinstance(item, Finding) else item.verdict.value


def kind(item: Judgement | Finding) -> str:
    """What it looks like: the verdict, or the severity of a finding."""
    return item.severity.label if isinstance(item, Finding) else item.verdict.value


def is_problem(item: Judgement | Finding) -> bool:
    """Whether there may be something to do about it."""
    return isinstance(item, Finding) or item.verdict in (Verdict.VIOLATED, Verdict.UNDECIDED)


def urgency(item: Judgement | Finding) -> int:
    """In which order problems are shown: violations, errors, what is undecided, the rest; waived ones last."""
    if item.waiver is not None:
        return 9
    if isinstance(item, Judgement):
        return 0 if item.verdict is Verdict.VIOLATED else 2
    return {Severity.ERROR: 1, Severity.WARNING: 3, Severity.INFO: 4}[item.severity]


def entry(item: Judgement | Finding, name: str, subject: SubjectReport, fails: bool, writing: Writing) -> Markup:
    """One verdict or finding, which opens where there is more to say. `name` is its anchor."""
    more = is_problem(item) or (isinstance(item, Judgement) and bool(item.witnesses) and not writing.brief)
    return tag(
        "details" if more else "div",
        _summary(item, subject, writing.sources, "summary" if more else "p"),
        _body(item, name, subject, writing) if more else None,
        class_=f"item {kind(item)}{' waived' if item.waiver is not None else ''}",
        id=name,
        data_status=status(item),
        data_severity=item.severity.label,
        data_about=item.rule if isinstance(item, Finding) else item.component,
        data_waived="yes" if item.waiver is not None else None,
        open=more and fails and writing.open_failing,
    )


def _summary(item: Judgement | Finding, subject: SubjectReport, sources: Sources, element: str) -> Markup:
    word = WORDS.get(kind(item), kind(item))
    if isinstance(item, Judgement) and item.verdict is Verdict.VIOLATED and item.severity is not Severity.ERROR:
        word += f" ({item.severity.label})"
    title = with_code(short(item.message, MAX_TITLE)) if isinstance(item, Finding) else _verdict_title(item)
    place = _first_place(item)
    return tag(
        element,
        tag("span", word, class_="chip"),
        tag("span", " waived", class_="chip off") if item.waiver is not None else None,
        tag("span", " ", title, class_="title"),
        tag("span", *_aside(item, place, subject, sources if element == "p" else None), class_="aside"),
        class_="line",
    )


def _verdict_title(item: Judgement) -> Markup:
    if item.verdict is Verdict.NOT_APPLICABLE:
        said = ", ".join(part for part in (item.found, item.reason) if part)
    elif item.verdict is Verdict.MET:
        said = item.found or ""
    else:
        said = item.reason
    return join([tag("b", item.component), ": " if said else None, with_code(short(said, MAX_TITLE))])


def _aside(
    item: Judgement | Finding, place: Location | None, subject: SubjectReport, sources: Sources | None
) -> list[Markup | None]:
    """Where it is, and its rule. `sources` are given where the place is to be a link: not in what opens."""
    quarrel = isinstance(item, Judgement) and evidence.disagreeing(item) is not None
    shown = ""
    if place is not None:
        name = place.path.rsplit("/", 1)[-1][-MAX_NAME:]
        shown = f"line {place.line}" if place.path == subject.subject else f"{name}:{place.line}"
    where = tag("span", shown, class_="where") if shown else None
    if place is not None and sources is not None:
        where = sources.place(subject, place, words=shown)
    return [
        tag("span", "witnesses disagree", class_="quarrel") if quarrel else None,
        where,
        tag("span", item.rule[:MAX_NAME], class_="id") if item.rule else None,
    ]


def _first_place(item: Judgement | Finding) -> Location | None:
    """Where it is: the finding's words, or the first evidence of the strongest witness."""
    if isinstance(item, Finding):
        return item.location
    for witness in reversed(item.witnesses):
        for piece in witness.testimony.evidence:
            if piece.location is not None:
                return piece.location
        if isinstance(witness.testimony, Fact):
            return None
    return None


def _body(item: Judgement | Finding, name: str, subject: SubjectReport, writing: Writing) -> Markup:
    if isinstance(item, Finding):
        rest = _finding_evidence(item, name, subject, writing)
    else:
        rest = join([_facts(item), evidence.witnesses(item, subject, writing.sources)])
        _point_back(item, name, subject, writing)
    return tag(
        "div",
        _waiver(item.waiver, subject, writing) if item.waiver is not None else None,
        rest,
        _fix(item, subject),
        writing.explained(item.rule) if is_problem(item) else None,
        class_="body",
    )


def _facts(item: Judgement) -> Markup:
    told = [
        ("found", item.found or "not known"),
        ("expected", item.expected or "nothing is asked"),
        ("because", item.reason if item.verdict is Verdict.MET else ""),  # else the title says it
        ("asked by", item.source),
    ]
    rows = [
        tag("div", tag("dt", name), tag("dd", rule_pages.inline(short(value, MAX_TITLE))))
        for name, value in told
        if value
    ]
    return tag("dl", *rows, class_="facts")


def _finding_evidence(item: Finding, name: str, subject: SubjectReport, writing: Writing) -> Markup:
    parts: list[Markup | None] = []
    if item.location is not None:
        said = (name, item.rule[:MAX_NAME])
        place = writing.sources.place(subject, item.location, said)
        parts.append(tag("div", place, writing.sources.excerpt(subject, item.location), class_="place"))
    related = tuple(piece for piece in item.related if item.location is None or piece.location != item.location)
    if related:
        parts.append(tag("p", "Related:", class_="label"))
        parts.append(evidence.chain(related, subject, writing.sources))
    return join(parts)


def _point_back(item: Judgement, name: str, subject: SubjectReport, writing: Writing) -> None:
    """Where the source is shown, the line that decides leads back to what it decides, if that is a problem."""
    place = _first_place(item)
    if place is not None and is_problem(item):
        writing.sources.place(subject, place, (name, f"{item.rule} {item.component}"[:MAX_NAME]))


def _fix(item: Judgement | Finding, subject: SubjectReport) -> Markup | None:
    if not item.fix and item.repair is None:
        return None
    parts: list[Markup | None] = []
    if item.fix:
        parts.append(tag("p", tag("strong", "Fix: "), with_code(item.fix)))
    repair = item.repair
    if repair is not None:
        option = "--fix" if repair.safe else "--unsafe-fixes"
        safe = "" if repair.safe else "; look at it before you keep it"
        parts.append(tag("p", f"amlcheck lint {option} would ", tag("b", with_code(repair.title)), f"{safe}:"))
        parts.append(repairs.difference(repair, subject))
    return tag("div", *parts, class_="fix")


def _waiver(waiver: Waiver, subject: SubjectReport, writing: Writing) -> Markup:
    by = {"ignore": "a comment in the file", "baseline": "the baseline"}.get(waiver.by, waiver.by)
    until = f" until {waiver.until}" if waiver.until else ""
    place = writing.sources.place(subject, waiver.location) if waiver.location is not None else None
    return tag(
        "p",
        tag("strong", f"Does not count{until}, by {by}"),
        f": {waiver.reason}" if waiver.reason else ".",
        join([" (", place, ")"]) if place is not None else None,
        class_="waiver",
    )
