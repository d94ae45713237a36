"""Which formats there are. Each is one module with `render(Report) -> str`, loaded only when it is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING

from amlcheck.report.harmless import IN_LOG

if TYPE_CHECKING:
    from amlcheck.model import Report

MACHINE: Mapping[str, str] = {
    "html": "html.document",
    "json": "json_report",
    "sarif": "sarif",
    "sarif-full": "sarif_full",
    "junit": "junit",
    "github": "github",
    "azure-pipelines": "azure_pipelines",
    "gitlab": "gitlab",
    "checkstyle": "checkstyle",
    "markdown": "markdown",
    "tap": "tap",
}
"""The module of each format that does not depend on a terminal."""
NAMES = ("text", *MACHINE)
_LANGUAGES: Mapping[str, str] = {
    "html": "html",
    "json": "json",
    "sarif": "json",
    "sarif-full": "json",
    "gitlab": "json",
    "junit": "markup",
    "checkstyle": "markup",
    "markdown": "markup",
    "github": "commands",
    "azure-pipelines": "commands",
}
"""How a report in that format may be written otherwise and say the same (harmless.IN_LOG); plain text where it is not named."""
TO_SERVER = frozenset({"github", "azure-pipelines"})
"""Formats whose module also has `publish(Report) -> str`: it hands a summary to the CI, and says so in lines of the log."""


def render(name: str, report: Report) -> str:
    """The report in a machine's format; nothing in it is a command to a CI whose log it may stand in."""
    rendered: str = import_module(f"amlcheck.report.{MACHINE[name]}").render(report)
    return IN_LOG[_LANGUAGES.get(name, "text")](rendered)


def publish(name: str, report: Report) -> str:
    """What a format does beside being written: lines to add to it. Raises AmlcheckError."""
    if name not in TO_SERVER:
        return ""
    lines: str = import_module(f"amlcheck.report.{MACHINE[name]}").publish(report)
    return lines
