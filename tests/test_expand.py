"""Docker's own variable expansion: operators, quotes, escapes, values that are not known, and where values come from."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amlcheck.dockerfile.expand import MAX_DEPTH, MAX_GROWTH, ExpansionError, expand, expand_words
from amlcheck.dockerfile.source import Mapped, Source
from amlcheck.dockerfile.text import HOLE, Text, defined, hole, literal

VALUES = {"V": "value", "E": "", "P": "/usr/local/bin", "D": "aXbXc", "S": "x  y", "N": "3.10", "Q": "it's", "G": "a*b"}


def _mapped(word: str) -> Mapped:
    return Mapped.of(Source("Dockerfile", word))


def _lookup(values: Mapping[str, str]) -> dict[str, Text]:
    return {name: literal(value) for name, value in values.items()}


def expanded(word: str, escape: str = "\\") -> str:
    return expand(_mapped(word), _lookup(VALUES).get, escape).value


@pytest.mark.parametrize(
    ("word", "value"),
    [
        # plain
        ("", ""),
        ("plain", "plain"),
        ("$V", "value"),
        ("${V}", "value"),
        ("a$V-b${V}c", "avalue-bvaluec"),
        ("$U", ""),
        ("a${U}b", "ab"),
        ("$E.", "."),
        ("$V_", ""),
        ("${V}_", "value_"),
        ("$1a", "a"),
        ("$", "$"),
        ("$.", "$."),
        ("a$ b", "a$ b"),
        ("$S", "x  y"),
        # quotes and escapes
        ("'$V'", "$V"),
        ('"$V"', "value"),
        ("\"'$V'\"", "'value'"),
        ("'\"$V\"'", '"$V"'),
        ("a'b'\"c\"d", "abcd"),
        ("\\$V", "$V"),
        ("\\\\$V", "\\value"),
        ("\\a\\ b", "a b"),
        ('"\\$V \\" \\\\ \\a"', '$V " \\ \\a'),
        ("'\\$V'", "\\$V"),
        ("\\'a", "'a"),
        ("a\\", "a"),
        ("$Q", "it's"),
        # defaults
        ("${U:-d}", "d"),
        ("${U-d}", "d"),
        ("${E:-d}", "d"),
        ("${E-d}", ""),
        ("${V:-d}", "value"),
        ("${V-d}", "value"),
        ("${U:-}", ""),
        ("${U:-$V}", "value"),
        ("${U:-${E:-${V}}}", "value"),
        ("${U:-a b}", "a b"),
        ("${U:-'a b'}", "a b"),
        ('"${U:-a b}"', "a b"),
        ("${U:-\\}}", "}"),
        ("${U:--}", "-"),
        # alternatives
        ("${V:+x}", "x"),
        ("${V+x}", "x"),
        ("${E:+x}", ""),
        ("${E+x}", "x"),
        ("${U:+x}", ""),
        ("${U+x}", ""),
        ("${V:+$N}", "3.10"),
        # demands that are met
        ("${V:?m}", "value"),
        ("${V?m}", "value"),
        ("${E?m}", ""),
        # prefixes
        ("${D#a}", "XbXc"),
        ("${D#*X}", "bXc"),
        ("${D##*X}", "c"),
        ("${D#z}", "aXbXc"),
        ("${D##*}", ""),
        ("${D#?X}", "bXc"),
        ("${P#/*/}", "local/bin"),
        ("${P##*/}", "bin"),
        ("${U#a}", ""),
        ("${G#a\\*}", "b"),
        # suffixes
        ("${D%c}", "aXbX"),
        ("${D%X*}", "aXb"),
        ("${D%%X*}", "a"),
        ("${D%z}", "aXbXc"),
        ("${D%%*}", ""),
        ("${P%/*}", "/usr/local"),
        ("${P%%/*}", ""),
        ("${N%.*}", "3"),
        # replacements
        ("${D/X/-}", "a-bXc"),
        ("${D//X/-}", "a-b-c"),
        ("${D/X/}", "abXc"),
        ("${D//X/}", "abc"),
        ("${D/z/-}", "aXbXc"),
        ("${D//[X]/-}", "aXbXc"),
        ("${N/./}", "310"),
        ("${D/X*/-}", "a-"),
        ("${D/?X/-}", "-bXc"),
        ("${P//\\//-}", "-usr-local-bin"),
        ("${D/X/$V}", "avaluebXc"),
        ("${U/a/b}", ""),
    ],
)
def test_what_a_word_becomes(word: str, value: str) -> None:
    assert expanded(word) == value


@pytest.mark.parametrize(
    ("word", "value"),
    [("`$V", "$V"), ("\\$V", "\\value"), ("C:\\dir\\$V", "C:\\dir\\value"), ('"`" ``"', '" `'), ("a`", "a")],
)
def test_the_escape_character_of_the_file_is_used(word: str, value: str) -> None:
    assert expanded(word, "`") == value


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("${U:?it is needed}", "U: it is needed"),
        ("${U?m}", "U: m"),
        ("${E:?m}", "E: m"),
        ("${U:?}", "U: is not allowed to be unset"),
        ("${E:?}", "E: is not allowed to be empty"),
        ("${V", "unsupported modifier"),
        ("${", "missing '}'"),
        ("${}", "bad substitution"),
        ("${:-a}", "bad substitution"),
        ("${V:-a", "missing '}'"),
        ("${V/a", "missing '/'"),
        ("${V/a/b", "missing '}'"),
        ("${V!a}", "unsupported modifier (!)"),
        ("${V:=a}", "unsupported modifier (:=)"),
        ("${V:#a}", "unsupported modifier (:#)"),
        ("${V^^}", "unsupported modifier (^)"),
        ("${V:0:1}", "unsupported modifier (:0)"),
        ("${#V}", "unsupported modifier"),
        ("${D#\\a}", "invalid pattern"),
        ("'a", "single-quote"),
        ('"a', "double-quote"),
    ],
)
def test_what_docker_cannot_expand_is_an_error(word: str, message: str) -> None:
    with pytest.raises(ExpansionError) as told:
        expanded(word)
    assert message in str(told.value)


def test_nesting_is_bounded() -> None:
    depth = MAX_DEPTH - 2
    assert expanded("${U:-" * depth + "x" + "}" * depth) == "x"
    deeper = MAX_DEPTH + 1
    value = expand(_mapped("${U:-" * deeper + "x" + "}" * deeper), lambda name: None, "\\")
    assert "nested too deeply" in value.reason


def test_values_that_explode_are_bounded() -> None:
    big = {"B": literal("x" * MAX_GROWTH)}
    value = expand(_mapped("$B$B$B"), big.get, "\\")
    assert len(value.value) < 3 * MAX_GROWTH
    assert not value.known


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a b", ["a", "b"]),
        ("  a\t b ", ["a", "b"]),
        ("'a b' c", ["a b", "c"]),
        ('"a b"c d', ["a bc", "d"]),
        ("$S z", ["x", "y", "z"]),
        ('"$S" z', ["x  y", "z"]),
        ("a$S", ["ax", "y"]),
        ("$E", []),
        ("a\\ b", ["a b"]),
        ("a\xa0b", ["a", "b"]),
        ("a\x1cb", ["a\x1cb"]),
    ],
)
def test_words_are_split_where_docker_splits_them(text: str, words: list[str]) -> None:
    assert [word.value for word in expand_words(_mapped(text), _lookup(VALUES).get, "\\")] == words


UNKNOWN = {"H": hole("H is not known"), "M": literal("4.") + hole("M is not known"), "V": literal("value")}


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("$H", HOLE),
        ("a-${H}.b", f"a-{HOLE}.b"),
        ("$M", f"4.{HOLE}"),
        ("${H:-d}", HOLE),
        ("${H-d}", HOLE),
        ("${H:+x}", HOLE),
        ("${M-d}", f"4.{HOLE}"),
        ("${M:-d}", HOLE),
        ("${H:?m}", HOLE),
        ("${H#a}", HOLE),
        ("${H%.*}", HOLE),
        ("${M%.*}", HOLE),
        ("${H/a/b}", HOLE),
        ("${V/$H/b}", HOLE),
        ("${V#$H}", HOLE),
        ("${V/a/$H}", f"v{HOLE}lue"),
        ("${U:-$H}", HOLE),
        ("${V:-$H}", "value"),
        ("${U:+$H}", ""),
    ],
)
def test_what_is_not_known_is_never_guessed(word: str, value: str) -> None:
    found = expand(_mapped(word), UNKNOWN.get, "\\")
    assert found.value == value
    assert found.known == (HOLE not in value)
    if not found.known:
        assert found.reason.endswith("is not known")


def _given(name: str, value: str) -> Text:
    """What `ARG name=value` defines, standing in another place of the file."""
    source = Source("Dockerfile", f"ARG {name}={value}")
    start = len(source.text) - len(value)
    return defined(
        literal(value, source.span(start, len(source.text))), source.span(start, len(source.text)), f"ARG {name}"
    )


@pytest.mark.parametrize(
    ("word", "value", "chain"),
    [
        ("plain", "plain", []),
        ("$A", "1.2", ["ARG A"]),
        ("a-${A}-b", "a-1.2-b", ["ARG A"]),
        ("$A$B", "1.2xy", ["ARG A", "ARG B"]),
        ("${A:-$B}", "1.2", ["ARG A"]),
        ("${U:-$B}", "xy", ["ARG B"]),
        ("${U:-plain}", "plain", []),
        ("${A%.*}", "1", ["ARG A"]),
        ("${A##*.}", "2", ["ARG A"]),
        ("${A/./$B}", "1xy2", ["ARG A", "ARG B"]),
        ("${A:+set}", "set", []),
        ('"$A"', "1.2", ["ARG A"]),
        ("'$A'", "$A", []),
    ],
)
def test_the_chain_names_what_a_value_came_through(word: str, value: str, chain: list[str]) -> None:
    values = {"A": _given("A", "1.2"), "B": _given("B", "xy")}
    found = expand(_mapped(word), values.get, "\\")
    assert found.value == value
    assert [step.note for step in found.chain("URL")] == [*chain, "URL"]


def test_a_part_of_a_value_keeps_only_its_own_chain() -> None:
    word = "miniconda-${A}-linux"
    found = expand(_mapped(word), {"A": _given("A", "1.2")}.get, "\\")
    version = found.slice(len("miniconda-"), len("miniconda-1.2"))
    assert (version.value, [step.note for step in version.chain()]) == ("1.2", ["ARG A", ""])
    assert version.span is not None
    assert version.span.text == "${A}"
    rest = found.slice(0, len("miniconda"))
    assert (rest.value, [step.text for step in rest.chain()]) == ("miniconda", ["miniconda"])


def test_a_value_points_at_its_definition() -> None:
    found = expand(_mapped("$A"), {"A": _given("A", "1.2")}.get, "\\")
    first = found.chain()[0]
    assert first.location is not None
    assert (first.text, first.location.line, first.location.column) == ("1.2", 1, 7)


_PARTS = st.sampled_from(
    [
        "$V",
        "${V}",
        "$U",
        "${U:-d}",
        "${E:-$V}",
        "${D#*X}",
        "${D//X/-}",
        "${",
        "}",
        "$",
        "'",
        '"',
        "\\",
        "`",
        " ",
        "a",
        "é",
        "<",
    ]
)


@settings(max_examples=500, deadline=None)
@given(st.lists(_PARTS, max_size=8).map("".join), st.sampled_from(["\\", "`"]))
def test_any_word_is_expanded_or_refused_and_its_literal_parts_stand_at_their_places(word: str, escape: str) -> None:
    try:
        found = expand(_mapped(word), _lookup(VALUES).get, escape)
    except ExpansionError:
        return
    for piece in found.pieces:
        if piece.is_literal:
            assert piece.span is not None
            if piece.span.text.startswith("$"):
                assert piece.value in VALUES.values() or piece.value == piece.span.text
            else:
                assert piece.span.text == piece.value


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet=st.characters(exclude_characters="$'\"\\<\ufffc"), max_size=40))
def test_a_word_without_signs_is_itself(word: str) -> None:
    assert expanded(word) == word
