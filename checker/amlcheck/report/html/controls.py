"""What only a browser with JavaScript gets: filters, the switch of the theme. Without it they stay hidden."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from amlcheck.model import Severity, Verdict
from amlcheck.report.html.items import WORDS
from amlcheck.report.html.markup import Markup, short, tag

MAX_NAME = 60
_STATUSES = (
    (Verdict.VIOLATED.value, Verdict.VIOLATED.value),
    (Verdict.UNDECIDED.value, Verdict.UNDECIDED.value),
    ("finding", "findings"),
    (Verdict.MET.value, Verdict.MET.value),
    (Verdict.NOT_APPLICABLE.value, WORDS[Verdict.NOT_APPLICABLE.value]),
)


def theme() -> Markup:
    """The switch between light and dark; "auto" follows the system."""
    options = [tag("option", name, value=name) for name in ("auto", "light", "dark")]
    choice = tag("select", *options, id="theme", autocomplete="off")
    return tag("label", "Theme ", choice, class_="theme control", hidden=True)


def filters(components: Sequence[str], rules: Iterable[str], waived: bool) -> Markup:
    """The form. Nothing checked means everything; its state stands in the page's address."""
    groups = [
        _group("Verdict", "status", _STATUSES),
        _group("Severity", "severity", [(item.label, item.label) for item in reversed(Severity)]),
    ]
    if waived:
        groups.append(_group("Waived", "waived", [("no", "hide waived")]))
    about = [tag("option", "everything", value="")]
    requirements = [tag("option", name, value=name) for name in components]
    found = [tag("option", short(name, MAX_NAME), value=name) for name in rules]
    if requirements:
        about.append(tag("optgroup", *requirements, label="Requirements"))
    if found:
        about.append(tag("optgroup", *found, label="Findings"))
    return tag(
        "form",
        tag(
            "label", tag("span", "Search"), tag("input", type="search", name="text", placeholder="words, files, rules")
        ),
        tag("label", tag("span", "About"), tag("select", *about, name="about")),
        *groups,
        tag(
            "div",
            tag("button", "Show all", type="reset"),
            tag("button", "Open all", type="button", id="unfold"),
            tag("button", "Close all", type="button", id="fold"),
            class_="buttons",
        ),
        id="filters",
        class_="control",
        role="search",
        aria_label="Filter the report",
        autocomplete="off",
        hidden=True,
    )


def _group(legend: str, name: str, choices: Iterable[tuple[str, str]]) -> Markup:
    boxes = []
    for value, words in choices:
        boxes.append(
            tag(
                "label",
                tag("input", type="checkbox", name=name, value=value),
                tag("span", words),
                class_=f"choice {value}",
            )
        )
    return tag("fieldset", tag("legend", legend), tag("div", *boxes), class_=name)


def dialog() -> Markup:
    """Where a rule's page opens over what is being read."""
    return tag(
        "dialog",
        tag("button", "Close", type="button", id="close"),
        tag("div", id="explanation", class_="rule"),
        id="explain",
        aria_label="The rule explained",
    )
