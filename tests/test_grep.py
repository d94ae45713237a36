"""Basic regular expressions against grep itself."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from amlcheck.image.grep import compile_basic

GREP = shutil.which("grep")


def grep(expression: str, line: str) -> bool | None:
    """What grep says of a line; None where it refuses the expression."""
    assert GREP is not None
    done = subprocess.run(
        [GREP, "-q", "--", expression],
        input=line.encode() + b"\n",
        env={"LC_ALL": "C.UTF-8", "PATH": os.environ["PATH"]},
        capture_output=True,
        check=False,
    )
    return {0: True, 1: False}.get(done.returncode)


@pytest.mark.parametrize(
    ("expression", "line", "found"),
    [
        ("ID=ubuntu", "ID=ubuntu", True),
        ("a+b", "a+b", True),
        ("a+b", "aab", False),
        (r"a\+b", "aab", True),
        ("(x)", "(x)", True),
        (r"\(x\|y\)z", "yz", True),
        ("*a", "*a", True),
        ("^*a", "*a", True),
        ("a*$", "b", True),
        ("^b$", "abc", False),
        ("a^b$c", "a^b$c", True),
        ("[]x]", "]", True),
        (r"[\]", "\\", True),
        (r"a\{2,3\}", "aa", True),
        (r"a\{2,3\}", "a", False),
        ("a{2}", "a{2}", True),
        (r"\.so", "libx.so", True),
    ],
)
def test_as_grep_reads_it(expression: str, line: str, found: bool) -> None:
    compiled = compile_basic(expression)
    assert compiled is not None
    assert (compiled.search(line) is not None) is found
    if GREP is not None:
        assert grep(expression, line) is found


@pytest.mark.parametrize("expression", ["[[:alpha:]]", r"\(a\)\1", r"\bword", "[a", r"a\{3,2\}", "\\", r"\<a", "a**"])
def test_what_only_grep_knows_is_left_to_it(expression: str) -> None:
    assert compile_basic(expression) is None


_WORDS = st.lists(
    st.sampled_from(
        ["a", "b", ".", "*", "^", "$", "[ab]", "[^a]", "[]a]", r"\(", r"\)", r"\|", r"\+", r"\?", "+", "(", "{", "|"]
    ),
    max_size=7,
).map("".join)


@pytest.mark.skipif(GREP is None, reason="there is no grep to compare with")
@settings(max_examples=300, deadline=None)
@given(_WORDS, st.text("ab+({|*^$]", max_size=6))
@example("a*", "")
def test_whatever_is_compiled_finds_what_grep_finds(expression: str, line: str) -> None:
    compiled = compile_basic(expression)
    assume(compiled is not None)
    assert compiled is not None
    said = grep(expression, line)
    assume(said is not None)
    assert (compiled.search(line) is not None) is said
