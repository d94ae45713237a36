"""Which formats there are. Each is one module with `render(Report) -> str`, loaded only when it is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from amlcheck.model import Report

MACHINE: Mapping[str, str] = {"html": "html.document", "json": "json_report"}
"""The module of each format that does not depend on a terminal."""
NAMES = ("text", *MACHINE)


def render(name: str, report: Report) -> str:
    """The report in a machine's format."""
    rendered: str = import_module(f"amlcheck.report.{MACHINE[name]}").render(report)
    return rendered
