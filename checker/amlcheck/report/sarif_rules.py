"""The part of SARIF that describes: rules with their whole pages, what notifications mean, and exit codes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from amlcheck.catalog import CRASHED, Rule, catalog
from amlcheck.exits import Exit
from amlcheck.model import Severity
from amlcheck.regex import regex
from amlcheck.report.entries import UNREADABLE, Entry

DOCUMENT = "https://learn.microsoft.com/azure/machine-learning/how-to-deploy-custom-container"
"""Microsoft's document that profiles follow: where a rule's page names no other source on the web."""
LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_PROBLEM = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "recommendation"}
"""GitHub's words."""
_URL = regex(r"https://[^\s)>`\"']+[^\s)>`\"'.,;:]")
_SHORT = 1000
"""Characters: GitHub takes 1024 of a description."""

NOTE = "note"
"""The notification about what limits a report."""
EXITS = {
    Exit.MET: "all met",
    Exit.VIOLATED: "something is violated",
    Exit.ERROR: "something could not be read",
    Exit.UNDECIDED: "something is undecided, nothing is violated",
    Exit.INTERRUPTED: "interrupted: not everything was checked",
}


def _notification(name: str, title: str, level: str, text: str, what_to_do: str) -> dict[str, Any]:
    return {
        "id": name,
        "name": title,
        "shortDescription": {"text": text},
        "fullDescription": {"text": text},
        "help": {"text": what_to_do},
        "defaultConfiguration": {"level": level},
    }


NOTIFICATIONS = [
    _notification(
        UNREADABLE,
        "NotReadable",
        "error",
        "A file or image could not be read: nothing is said about it.",
        "The message says why, and what to do.",
    ),
    _notification(
        NOTE,
        "LimitedReport",
        "note",
        "Something limits all that is said about a file or image.",
        "The message says what: an image in which nothing can be run is read as files only, for instance.",
    ),
]


def descriptors(shown: Iterable[Entry]) -> list[dict[str, Any]]:
    """A description of each rule that was asked, by its ID."""
    return [_descriptor(name) for name in sorted({entry.rule for entry in shown})]


def _descriptor(name: str) -> dict[str, Any]:
    rule = catalog().rule(name)
    if rule is None:
        text = "A rule of amlcheck failed and says nothing." if name == CRASHED else "A rule of your own."
        return {
            "id": name,
            "shortDescription": {"text": text},
            "fullDescription": {"text": text},
            "help": {"text": text},
            "defaultConfiguration": {"level": "warning"},
        }
    from amlcheck.docs import page

    about = _section(rule, "What it asks") or _section(rule, "What it says") or rule.summary
    why = _section(rule, "Why")
    text = rule.page.partition("\n")[2].strip()
    return {
        "id": rule.id,
        "name": "".join(word.capitalize() for word in rule.name.split("-")),
        "shortDescription": {"text": _sentence(rule.summary)},
        "fullDescription": {"text": _cut(_sentence(f"{about} {why}".strip()))},
        "help": {"text": f"{rule.summary}\n\n{text}", "markdown": page(rule).partition("\n")[2].strip()},
        "helpUri": _source(rule),
        "defaultConfiguration": {"enabled": rule.on, "level": LEVELS[rule.severity]},
        "properties": {
            "tags": ["azure-machine-learning", "docker", "requirement" if rule.component else "finding"],
            "precision": "very-high",
            "problem.severity": _PROBLEM[rule.severity],
        },
    }


def _section(rule: Rule, title: str) -> str:
    """A section of a rule's page, in one line."""
    found = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", rule.page, re.MULTILINE | re.DOTALL)
    return " ".join(found.group(1).split()) if found else ""


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else text + "."


def _cut(text: str) -> str:
    return text if len(text) <= _SHORT else text[: _SHORT - 1] + "…"


def _source(rule: Rule) -> str:
    """Where on the web a rule's page says that it has it from."""
    found = _URL.search(rule.page.rpartition("## Sources")[2])
    return found.group() if found else DOCUMENT
