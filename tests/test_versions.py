"""Version sets: membership as `packaging` decides it, the laws of sets, and the texts that people read."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version

from amlcheck.versions import ANY, NOTHING, VersionSet, exactly, from_specifiers, loose, prefix

_RELEASES = ("0", "0.9", "1", "1.0.1", "1.1", "1.9.9", "1.10", "2", "2.0.1", "10", "2018.3.222")
_SUFFIXES = ("", "a1", "b2", "rc1", ".dev0", ".dev3", "a1.dev1", "rc1.post1", ".post0", ".post1", ".post1.dev2")
POOL = (*(release + suffix for release in _RELEASES for suffix in _SUFFIXES), "1!0.5", "1!1.1a1", "1!2.post1")
"""No two of them are equal, so that `===` means the same here and in packaging."""

VERSIONS = st.sampled_from(POOL)


@st.composite
def specifiers(draw: st.DrawFn) -> str:
    """One specifier that every release of packaging reads alike.

    Before 26 packaging took `>1.0a1` to exclude 1.0.post1, and `<1.0.post1` to exclude 1.0a1: see `test_corners`.
    """
    operator = draw(st.sampled_from((">=", "<=", "==", "!=", "===", ">", "<", "~=", "==.*", "!=.*")))
    version = draw(VERSIONS)
    if operator == ">" and Version(version).is_prerelease:
        operator = ">="
    if operator == "<" and Version(version).is_postrelease:
        operator = "<="
    if operator == "~=":
        return f"~={draw(st.sampled_from([entry for entry in POOL if len(Version(entry).release) > 1]))}"
    if operator.endswith(".*"):
        return f"{operator[:2]}{draw(st.sampled_from([entry for entry in _RELEASES if entry != '0']))}.*"
    return f"{operator}{version}"


SPECIFIER_SETS = st.lists(specifiers(), min_size=1, max_size=4).map(",".join)


@st.composite
def version_sets(draw: st.DrawFn) -> VersionSet:
    """Unions of specifier sets, and their complements."""
    found = from_specifiers(" | ".join(draw(st.lists(SPECIFIER_SETS, min_size=1, max_size=3))))
    return ~found if draw(st.booleans()) else found


@settings(max_examples=600, deadline=None)
@given(SPECIFIER_SETS, VERSIONS)
def test_membership_is_that_of_packaging(text: str, version: str) -> None:
    assert (version in from_specifiers(text)) == SpecifierSet(text).contains(version, prereleases=True)


@settings(max_examples=200, deadline=None)
@given(st.lists(SPECIFIER_SETS, min_size=1, max_size=3), VERSIONS)
def test_a_bar_means_or(texts: list[str], version: str) -> None:
    expected = any(SpecifierSet(text).contains(version, prereleases=True) for text in texts)
    assert (version in from_specifiers("|".join(texts))) == expected


@settings(max_examples=300, deadline=None)
@given(version_sets(), version_sets(), VERSIONS)
def test_operations_do_what_they_say_to_members(first: VersionSet, second: VersionSet, version: str) -> None:
    assert (version in first & second) == (version in first and version in second)
    assert (version in first | second) == (version in first or version in second)
    assert (version in ~first) == (version not in first)


@settings(max_examples=300, deadline=None)
@given(version_sets(), version_sets(), version_sets())
def test_the_laws_of_sets_hold(first: VersionSet, second: VersionSet, third: VersionSet) -> None:
    assert ~(first & second) == ~first | ~second
    assert ~(first | second) == ~first & ~second
    assert ~~first == first
    assert first & second == second & first
    assert first | second == second | first
    assert first & (second | third) == (first & second) | (first & third)
    assert first | (first & second) == first
    assert first & ~first == NOTHING
    assert first | ~first == ANY


@settings(max_examples=300, deadline=None)
@given(version_sets(), version_sets())
def test_subset_and_disjointness_agree_with_each_other(first: VersionSet, second: VersionSet) -> None:
    both = first & second
    assert (both <= first, both <= second, first <= first | second) == (True, True, True)
    assert (first <= second) == (both == first)
    assert first.isdisjoint(second) == both.is_empty == (first <= ~second)
    if first <= second and first.isdisjoint(second):
        assert first.is_empty


@settings(max_examples=300, deadline=None)
@given(version_sets(), version_sets(), VERSIONS)
def test_subset_and_disjointness_agree_with_members(first: VersionSet, second: VersionSet, version: str) -> None:
    if first <= second:
        assert version not in first or version in second
    if first.isdisjoint(second):
        assert not (version in first and version in second)


@settings(max_examples=200, deadline=None)
@given(version_sets())
def test_intervals_are_sorted_disjoint_and_not_empty(found: VersionSet) -> None:
    bounds = [bound for interval in found.intervals for bound in interval]
    inner = [bound for bound in bounds if bound is not None]
    assert inner == sorted(set(inner))
    assert None not in bounds[1:-1]


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        pytest.param(">1.0", ["1.0.1", "1.1a1", "2"], ["1.0", "1.0.post1", "1.0a1"], id="no post-release of the bound"),
        pytest.param(">1.0.post1", ["1.0.post2", "1.1"], ["1.0.post1", "1.0"], id="above a post-release"),
        pytest.param(">1.0a1", ["1.0a2", "1.0", "1.0.post1"], ["1.0a1", "1.0a1.post1"], id="above a pre-release"),
        pytest.param("<1.0", ["0.9", "0.9.post1"], ["1.0", "1.0a1", "1.0.dev0"], id="no pre-release of the bound"),
        pytest.param("<1.0rc1", ["1.0a1", "1.0b9"], ["1.0rc1", "1.0"], id="below a pre-release"),
        pytest.param("<1.0.post1", ["1.0", "1.0a1"], ["1.0.post1", "1.0.post1.dev0"], id="below a post-release"),
        pytest.param("==1.1.*", ["1.1", "1.1.dev0", "1.1a1", "1.1.9.post1"], ["1.2.dev0", "1.10", "1.0.9"], id="=="),
        pytest.param("!=1.1.*", ["1.2.dev0", "1.10"], ["1.1a1", "1.1.post1"], id="!="),
        pytest.param("~=1.4.5", ["1.4.5", "1.4.99", "1.4.5.post1"], ["1.5", "1.4.5rc1", "1.4.4"], id="~= of three"),
        pytest.param("~=2.2", ["2.2", "2.99"], ["3.0", "3.0a1", "2.1"], id="~= of two"),
        pytest.param("==1!1.0", ["1!1.0"], ["1.0"], id="an epoch"),
        pytest.param(
            "==1.0", ["1.0", "1", "1.0.0", "1.0+cu118"], ["1.0.1", "1.0.post1"], id="local versions are ignored"
        ),
        pytest.param("===1.0", ["1.0"], ["1.0.1", "1.0a1"], id="arbitrary equality"),
    ],
)
def test_corners(text: str, inside: list[str], outside: list[str]) -> None:
    found = from_specifiers(text)
    assert [version for version in inside if version not in found] == []
    assert [version for version in outside if version in found] == []


@pytest.mark.parametrize(
    ("version", "inside", "outside"),
    [
        ("3.7", ["3.7", "3.7.0", "3.7.17"], ["3.6.9", "3.8", "3.70", "3.8.dev0"]),
        ("3", ["3.0", "3.12.1"], ["2.7.18", "4.0a1"]),
        ("2018.3.222", ["2018.3.222", "2018.3.222.1"], ["2018.3.223", "2018.4"]),
    ],
)
def test_a_prefix_holds_every_release_of_its_series(version: str, inside: list[str], outside: list[str]) -> None:
    found = prefix(version)
    assert [name for name in inside if name not in found] == []
    assert [name for name in outside if name in found] == []
    assert from_specifiers(version) == found
    assert found.text == version


@pytest.mark.parametrize("version", ["3.9rc1", "1.0.post2", "2.0.dev5"])
def test_a_prefix_that_is_no_final_release_is_that_one_version(version: str) -> None:
    assert prefix(version) == exactly(version)


@settings(deadline=None)
@given(VERSIONS, VERSIONS)
def test_exactly_holds_one_version(version: str, other: str) -> None:
    assert (other in exactly(version)) == (version == other)
    assert exactly(version).text == version


def test_equal_sets_are_equal_and_hash_alike_however_they_were_written() -> None:
    first, second = from_specifiers(">=1.0,<2.0"), from_specifiers("<2.0, >=1") & ANY
    assert (first, hash(first)) == (second, hash(second))
    assert first != from_specifiers(">=1.0,<2.1")
    assert first != ">=1.0,<2.0"


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (ANY, "any version"),
        (NOTHING, "nothing"),
        (prefix("3.7"), "3.7"),
        (exactly("4.7.12"), "4.7.12"),
        (from_specifiers(">= 3.6"), ">= 3.6"),
        (from_specifiers("9.0|10.0"), "9.0 | 10.0"),
        (prefix("9.0") | prefix("10.0"), "9.0 | 10.0"),
        (from_specifiers(">=4.5") & from_specifiers("<4.9"), ">=4.5,<4.9"),
        (from_specifiers(">1.0") & ANY, ">1.0"),
        (from_specifiers("<=2") & ANY, "<=2"),
        (~exactly("2.0"), "<2.0 | >2.0"),
        (exactly("1.5") & ANY, "1.5"),
        (~ANY, "nothing"),
    ],
)
def test_a_set_has_a_text_for_people(found: VersionSet, text: str) -> None:
    assert found.text == text


@pytest.mark.parametrize(
    ("found", "lowest"), [(ANY, None), (NOTHING, None), (prefix("3.7"), "3.7"), (from_specifiers(">=4.5,<5"), "4.5")]
)
def test_the_lowest_bound(found: VersionSet, lowest: str | None) -> None:
    assert found.lowest == (Version(lowest) if lowest else None)


def test_any_and_nothing_know_themselves() -> None:
    assert (ANY.is_any, ANY.is_empty, NOTHING.is_any, NOTHING.is_empty) == (True, False, False, True)
    assert not prefix("3.7").is_any
    assert (from_specifiers(">=2") & from_specifiers("<1")).is_empty


@pytest.mark.parametrize(
    "text", ["latest", ">=", "==3.7.x", "3.7 3.8", "=>3", ">=1.0 <2.0", "===banana", "~=1", "^1.2"]
)
def test_what_is_no_specifier_is_refused_with_its_text(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a version specifier|names no version"):
        from_specifiers(text)


@pytest.mark.parametrize("text", ["latest", "3.x", ""])
def test_exactly_refuses_what_is_no_version(text: str) -> None:
    with pytest.raises(InvalidVersion):
        exactly(text)


@pytest.mark.parametrize(
    ("text", "upstream"),
    [
        ("1:2.25.1-1ubuntu3", "2.25.1"),
        ("7.6.5.32-1+cuda10.0", "7.6.5.32"),
        ("2.4.8-1+cuda10.1", "2.4.8"),
        ("v1.2.3", "1.2.3"),
        (" 3.10~rc1 ", "3.10"),
        ("4.0.0rc2", "4.0.0rc2"),
        ("2.35.1+dfsg", "2.35.1"),
        ("2021a", "2021"),
        ("latest", None),
        ("", None),
        ("$VERSION", None),
    ],
)
def test_the_upstream_version_of_a_packager(text: str, upstream: str | None) -> None:
    assert loose(text) == upstream
