"""SARIF 2.1.0 with everything: also what is met ("pass"), what does not apply, and what was waived, with its suppression."""

from __future__ import annotations

from amlcheck.model import Report
from amlcheck.report import sarif
from amlcheck.report.entries import entries


def render(report: Report) -> str:
    """Every verdict and finding as SARIF."""
    return sarif.as_text(report, entries(report))
