"""What pip refuses: never anything that packaging reads, nor what it read before pip 24.1."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.requirements import InvalidRequirement, Requirement

from amlcheck.environment.requirement_syntax import refusal

_PARTS = (
    "numpy a-b a_ .x == >= => = ~= !=  < > 1.2 1.* 1 dev +cu1 ( ) , [x] [x,y] [ ' # ! v1 * - extra or and in é ; "
    "python_version<'3' sys_platform=='linux' os_name"
)


@settings(max_examples=600, deadline=None)
@given(st.lists(st.sampled_from([*_PARTS.split(), " ", "; "]), max_size=6).map("".join), st.booleans())
def test_packaging_refuses_it_too(rest: str, named: bool) -> None:
    text = ("numpy" if named else "") + rest
    if refusal(text) is not None:
        with pytest.raises(InvalidRequirement):
            Requirement(text.partition(" -")[0].strip())


@pytest.mark.parametrize(
    "text",
    [
        *("ipython>=5.*", "pytz>dev", "a==", "a>=1.0.dev-x", "a (>=1.x,<2)", "a==<version>", "a===what ever"),
        *("./local", "../a[b]", "https://example.com/a.zip", "git+ssh://git@example.com/a", "a.whl", "a-1.tar.gz"),
        *("{{ name }}", "a=={{ version }}", "$NAME=>1", "%if a", "a @ https://example.com/a", "-r a.txt", "", "; "),
        "numpy==1.2 --hash=sha256:00 --hash=sha256:11",
    ],
)
def test_some_pip_reads_it(text: str) -> None:
    assert refusal(text) is None or text == "; "


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("numpy=>1.2", "=> is no operator (>= is)"),
        ("numpy =< 1.2", "=< is no operator (<= is)"),
        ("numpy=1.2", "= is no operator (== is)"),
        ("numpy=", "= is no operator (== is)"),
        ("==1.0", "it does not begin with a package's name"),
        ("'numpy==1.2',", "it does not begin with a package's name"),
        ("numpy 1.2", "it is no requirement"),
        ("numpy~=1", "it is no requirement"),
        ("numpy, scipy", "it is no requirement"),
        ("numpy; python_version < 3", "its environment marker cannot be read"),
        ("numpy=>1.2 --hash=sha256:00", "=> is no operator (>= is)"),
    ],
)
def test_no_pip_reads_it(text: str, why: str) -> None:
    assert refusal(text) == why


def test_what_conda_may_read_is_left_to_it() -> None:
    assert refusal("numpy=1.2", conda=True) is None
    assert refusal("numpy=>1.2", conda=True) is not None
