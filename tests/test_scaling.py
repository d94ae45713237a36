"""What a file of unusual size or shape costs grows with its length, not with its square: calls are counted, not time.

tests/fuzz/scaling.py measures time and memory of the same shapes, at larger sizes.
"""

from __future__ import annotations

import sys
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from amlcheck.catalog import CRASHED, Catalog
from amlcheck.dockerfile.build import FAILED
from amlcheck.dockerfile.effort import USED_UP, Effort
from amlcheck.lint import LintOptions
from amlcheck.model import SubjectReport, Verdict
from conftest import Lint
from fuzz.scaling import linted, usual_options
from fuzz.shapes import SHAPES, Files
from support import judgement

SIZE = 40
GROWTH = 2.7
"""The calls from 2 N to 4 N over those from N to 2 N: 2 for what is linear, 4 for what grows with the square."""


@pytest.fixture(scope="module")
def options(known: Catalog) -> LintOptions:
    return usual_options(known)


def counted(known: Catalog, options: LintOptions, files: Files, folder: Path) -> tuple[int, SubjectReport]:
    """How many functions are called for a report, those of the standard library and of extensions included."""
    calls = 0

    def count(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        report = linted(known, options, files, folder)
    finally:
        sys.setprofile(before)
    return calls, report


@pytest.mark.parametrize("name", SHAPES)
def test_cost_grows_with_length(known: Catalog, options: LintOptions, tmp_path: Path, name: str) -> None:
    counts = []
    for factor in (0, 1, 2, 4):
        folder = tmp_path / str(factor)
        folder.mkdir()
        calls, report = counted(known, options, SHAPES[name](max(SIZE * factor, 2)), folder)
        told = " ".join([report.error, *(item.reason for item in report.judgements)])
        assert FAILED not in told
        assert "Error" not in told
        assert CRASHED not in [item.rule for item in report.findings]
        counts.append(calls)
    _, first, second, third = counts
    assert third - second < GROWTH * max(second - first, first // 4, 2000), f"{name}: {counts}"
