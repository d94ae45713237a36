"""Indented JSON, against the standard library's."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from amlcheck.report.indented_json import indented

LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
DATA = st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner))


@given(DATA)
def test_as_the_standard_library_writes_it(data: Any) -> None:
    assert indented(data) == json.dumps(data, indent=2, ensure_ascii=False)


def test_half_a_surrogate_pair_can_be_written() -> None:
    assert indented({"a\udc80": ["b\ud800"]}) == '{\n  "a?": [\n    "b?"\n  ]\n}'
