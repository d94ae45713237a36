"""The page of one verdict, finding or deployment: where it stands, who says what, what to do, and what it is about."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from rich.text import Text

from amlcheck.catalog import catalog
from amlcheck.errors import AmlcheckError
from amlcheck.explorer import repairs
from amlcheck.explorer.deployed import deployed
from amlcheck.explorer.excerpt import excerpt
from amlcheck.explorer.items import Item, line
from amlcheck.explorer.wrapping import title, wrapped
from amlcheck.judge import disagreement, in_order
from amlcheck.model import (
    Chain,
    Evidence,
    Fact,
    Finding,
    Judgement,
    Origin,
    Severity,
    SubjectReport,
    Verdict,
    Waiver,
    Witness,
)
from amlcheck.report.harmless import plain
from amlcheck.report.text_report import told_evidence
from amlcheck.show import explained

ORIGINS = {
    Origin.STATIC: "Dockerfile",
    Origin.LIVE: "image",
    Origin.ENVIRONMENT: "environment",
    Origin.SCORED: "deployment",
}
STYLES = {
    Verdict.MET: "bold green",
    Verdict.VIOLATED: "bold red",
    Verdict.UNDECIDED: "bold yellow",
    Verdict.NOT_APPLICABLE: "dim",
}
SEVERITIES = {Severity.ERROR: "bold red", Severity.WARNING: "bold yellow", Severity.INFO: "bold cyan"}


def page(item: Item, subject: SubjectReport, width: int) -> list[Text]:
    """All that is known of one item, in lines of at most that width (source lines may be wider)."""
    made = [*wrapped(headline(item), width)]
    what = item.what
    if isinstance(what, Judgement):
        made += _judged(what, subject, width)
    elif isinstance(what, Finding):
        made += _found(what, subject, width)
    else:
        made += deployed(what, width)
    if not isinstance(what, Judgement | Finding):
        return made + (_explanation(item.rule, width) if item.rule else [])
    made += _what_to_do(what, subject, width)
    return made + _explanation(item.rule, width)


def headline(item: Item) -> Text:
    """As in "violated[AML103] python: 3.5 is not >=3.6"."""
    what = item.what
    if isinstance(what, Judgement):
        label, style = what.verdict.value, STYLES[what.verdict]
    else:
        label, style = item.severity.label, SEVERITIES[item.severity]
        if not item.rule:
            return Text(item.message, "bold")
    if item.waiver is not None:
        label = f"waived {label}"
    return Text(f"{label}[{item.rule}] ", style).append(item.message, "bold")


def _pair(label: str, text: str, width: int, style: str = "") -> list[Text]:
    return wrapped(Text(f"  {label:<10}", "dim").append(line(text), style), width, 12)


# --- what is decided -------------------------------------------------------------------------------------------------


def _judged(judgement: Judgement, subject: SubjectReport, width: int) -> list[Text]:
    made = [Text(), *_pair("found", judgement.found or "not known", width)]
    made += _pair("expected", judgement.expected or "nothing is asked", width)
    made += _pair("severity", judgement.severity.label, width)
    made += _waived(judgement.waiver, width)
    if judgement.source:
        made += _pair("asked by", judgement.source, width)
    witnesses = in_order(judgement.witnesses)
    made += _where(judgement.chain, subject, width)
    return made + _witnesses(judgement, witnesses, subject, width)


def _found(finding: Finding, subject: SubjectReport, width: int) -> list[Text]:
    made = _waived(finding.waiver, width)
    chain: Chain = finding.related
    if finding.location is not None and not any(item.location == finding.location for item in chain):
        chain = (Evidence("", finding.location), *chain)
    return made + _where(chain, subject, width)


def _waived(waiver: Waiver | None, width: int) -> list[Text]:
    if waiver is None:
        return []
    until = f", until {waiver.until}" if waiver.until else ""
    where = f" ({waiver.location.path}:{waiver.location.line})" if waiver.location is not None else ""
    return _pair("waived", f"{waiver.by}: {waiver.reason}{until}{where}", width)


def _where(chain: Chain, subject: SubjectReport, width: int) -> list[Text]:
    """The chain of evidence, in the order of cause."""
    if not chain:
        return []
    made = title("Where" if len(chain) == 1 else "Where, in the order of cause")
    for number, item in enumerate(chain, 1):
        step = f"{number}. " if len(chain) > 1 else ""
        if item.location is None:
            made += wrapped(Text(f"  {step}{line(told_evidence(item))}"), width, 4)
            continue
        place = item.location
        made += wrapped(Text(f"  {step}{line(place.path)}:{place.line}:{place.column}", "blue"), width, 4)
        text = subject.sources.get(place.path)
        lines = excerpt(text, place, width, item.note) if text is not None else []
        if not lines:
            words = line(item.text)
            lines = wrapped(Text(f"     {words}").append(f"  {line(item.note)}", "dim"), width, 5) if words else []
        made += lines
    return made


def _witnesses(judgement: Judgement, witnesses: list[Witness], subject: SubjectReport, width: int) -> list[Text]:
    """Who says what: the Dockerfile against the image, and what is on top of it."""
    if not witnesses:
        return []
    made = title("Witnesses, the last one outranks the others" if len(witnesses) > 1 else "Witnesses")
    for witness in witnesses:
        testimony = witness.testimony
        if isinstance(testimony, Fact):
            said = Text(testimony.value.text, "bold").append(f"  {testimony.note}" if testimony.note else "", "dim")
        else:
            said = Text("not known: ", "yellow").append(line(testimony.reason))
        made += wrapped(
            Text(f"  {ORIGINS[witness.origin]:<12}", "dim").append_text(Text(line(said.plain), said.style)), width, 14
        )
        if len(witnesses) > 1:
            for item in testimony.evidence[:4]:
                made += wrapped(Text(f"{'':14}{_in_short(item)}", "dim"), width, 16)
    for notice in disagreement(judgement.component, None, witnesses):
        made += wrapped(Text("  they disagree: ", "bold yellow").append(line(notice.message)), width, 4)
    return made


def _in_short(item: Evidence) -> str:
    if item.location is None:
        return line(told_evidence(item))
    return line(f"{item.location.path}:{item.location.line}  {item.text}")


# --- what to do ------------------------------------------------------------------------------------------------------


def _what_to_do(item: Judgement | Finding, subject: SubjectReport, width: int) -> list[Text]:
    if not item.fix and item.repair is None:
        return []
    made = title("Fix")
    if item.fix:
        made += wrapped(Text(f"  {line(item.fix)}", "green"), width)
    repair = item.repair
    if repair is None:
        return made
    kind = "a applies it" if repair.safe else "unsafe: the image may change, look at it; a applies it"
    made += wrapped(Text(f"  {line(repair.title)} ", "bold").append(f"({kind})", "dim"), width)
    try:
        difference = repairs.difference(repair, subject.sources)
    except AmlcheckError as error:
        return made + wrapped(Text(f"  no difference can be shown: {line(str(error))}", "yellow"), width)
    styles = {"+": "green", "-": "red", "@": "cyan"}
    for text in difference:
        style = styles.get(text[:1], "") if text[:3] not in ("+++", "---") else "bold"
        made += wrapped(Text(f"  {line(text)}", style), width, 6)
    return made


# --- what it is about ------------------------------------------------------------------------------------------------


def _explanation(rule: str, width: int) -> list[Text]:
    """The rule's page."""
    known = catalog().rule(rule) if rule else None
    if known is None:
        return []
    made = title(f"Explanation (amlcheck explain {known.id})")
    for text in _paragraphs(explained(known).split("\n")):
        if text.startswith("    "):
            made.append(Text(f"  {plain(text)}", "cyan"))
        elif text.isupper():
            made.append(Text(f"  {text}", "bold"))
        else:
            made += [
                Text(f"  {part}")
                for part in textwrap.wrap(plain(text), max(width - 4, 16), break_on_hyphens=False) or [""]
            ]
    return made


def _paragraphs(lines: list[str]) -> Iterator[str]:
    """Lines of prose that belong together as one, to be wrapped anew; what is indented or a heading stays."""
    held = ""
    for text in lines:
        begins = text.startswith(("    ", "- ", "| ", "# ")) or not text.strip() or text.isupper()
        if begins and held:
            yield held
            held = ""
        if not text.strip() or text.startswith("    ") or text.isupper():
            yield text
        else:
            held = f"{held} {text.strip()}" if held else text
    if held:
        yield held
