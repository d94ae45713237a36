"""What a file of unusual size or shape costs. Limits are some ten times what is seen, so that only a change of order fails."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from amlcheck.catalog import Catalog
from amlcheck.dockerfile.build import Builder
from amlcheck.dockerfile.built import Built
from amlcheck.dockerfile.expand import ExpansionError, expand
from amlcheck.dockerfile.globs import docker_glob, shell_glob
from amlcheck.dockerfile.plan import make_plan
from amlcheck.dockerfile.reader import read
from amlcheck.dockerfile.source import Mapped, Source
from amlcheck.dockerfile.text import MAX_CHAIN, MAX_PIECES, MAX_VALUE, Text, as_mapped, defined, literal
from conftest import Lint


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Fails where the body takes longer in processor time: other work on the machine does not count."""
    start = time.process_time()
    yield
    taken = time.process_time() - start
    assert taken < seconds, f"took {taken:.1f} s, more than {seconds} s"


def build(known: Catalog, text: str) -> Built:
    """What the last stage of a Dockerfile holds."""
    return Builder(make_plan(read("Dockerfile", text)), known.knowledge, None).target()


def expanded(word: str, **values: str) -> str:
    """A word after Docker's expansion."""
    variables = {name: literal(value) for name, value in values.items()}
    return expand(Mapped.of(Source("f", word)), variables.get, "\\").value


# --- continuation lines --------------------------------------------------------------------------------------------------


def test_a_part_of_joined_lines_has_only_its_own_joints() -> None:
    source = Source("f", "ab\\\ncd\\\nef")
    joined = Mapped(source, "abcdef", ((0, 0), (2, 4), (4, 8)))
    part = joined.slice(1, 4)
    assert (part.text, part.joints) == ("bcd", ((0, 1), (1, 4)))
    assert joined.slice(2).joints == ((0, 4), (2, 8))
    assert joined.slice(6).joints == ((0, 10),)
    assert joined.runs(1, 6) == [(1, 2), (2, 4), (4, 6)]
    assert joined.runs(2, 4) == [(2, 4)]
    assert joined.runs(3, 3) == []


def test_60000_continuation_lines(lint: Lint) -> None:
    words = " a \\\n" * 60_000
    with within(30):
        lint(f"FROM ubuntu:20.04\nRUN apt-get install {words} b\n")


# --- stages --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("copy", ["COPY --from=s{} / /", "RUN --mount=from=s{},target=/x true", "COPY --from={} / /"])
def test_stages_that_copy_from_each_other(known: Catalog, copy: str) -> None:
    stages = "".join(f"FROM ubuntu:20.04 AS s{i}\n{copy.format(i - 1)}\n" for i in range(1, 2000))
    with within(30):
        build(known, f"FROM ubuntu:20.04 AS s0\n{stages}")


def test_what_a_far_stage_installs_is_brought(known: Catalog) -> None:
    text = "FROM ubuntu:20.04 AS s0\nRUN curl -o /f https://example.org/f\n"
    text += "".join(f"FROM ubuntu:20.04 AS s{i}\nCOPY --from=s{i - 1} /f /f\n" for i in range(1, 300))
    builder = Builder(make_plan(read("Dockerfile", text)), known.knowledge, None)
    assert builder.stage(299).files.read("/f") is not None


def test_copies_that_double_are_not_followed_for_ever(known: Catalog) -> None:
    stages = "".join(f"FROM python:3.8 AS s{i}\n" + f"COPY --from=s{i - 1} / /\n" * 2 for i in range(1, 40))
    built = build(known, f"FROM python:3.8 AS s0\nRUN pip install a\n{stages}")
    assert len(built.packages) + len(built.opaque) < 10_000


def test_a_stage_number_that_is_none_for_python(known: Catalog) -> None:
    for name in ("\u00b2", "9" * 5000):
        build(known, f"FROM ubuntu:20.04\nCOPY --from={name} /a /a\n")


# --- patterns ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("operator", ["%", "%%", "#", "##", "/", "//"])
def test_a_pattern_of_many_stars(operator: str) -> None:
    value = "a" * 20_000
    with within(20):
        assert expanded("${V" + operator + "*a" * 4000 + "b" + ("/x}" if "/" in operator else "}"), V=value) == value


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("${V#*/}", "b/c.d.e"),
        ("${V##*/}", "c.d.e"),
        ("${V%.*}", "a/b/c.d"),
        ("${V%%.*}", "a/b/c"),
        ("${V#?}", "/b/c.d.e"),
        ("${V#x}", "a/b/c.d.e"),
        ("${V%*}", "a/b/c.d.e"),
        ("${V%%*}", ""),
        ("${V/[a-b]/x}", "a/b/c.d.e"),
        ("${V//./-}", "a/b/c-d-e"),
        ("${V//?/x}", "xxxxxxxxx"),
        ("${V//*/x}", "x"),
        ("${V//./[\\$0]}", "a/b/c[\\.]d[\\.]e"),
        ("${V//./$W}", "a/b/c<.$>d<.$>e"),
        ("${V/./$W}", "a/b/c<$0$x$$>d.e"),
    ],
)
def test_patterns_as_buildkit_reads_them(word: str, expected: str) -> None:
    assert expanded(word, V="a/b/c.d.e", W="<$0$x$$>") == expected


def test_a_star_does_not_cross_a_line_in_docker_and_does_in_the_shell() -> None:
    assert not docker_glob("a*b").matches("a\nb")
    pattern = shell_glob("a*b")
    assert pattern is not None
    assert pattern.matches("a\nb")


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("[a-c]x", "bx", True),
        ("[!a-c]x", "bx", False),
        ("[^a-c]x", "dx", True),
        ("[]a]", "]", True),
        ("[a", "[a", True),
        ("\\*", "*", True),
        ("\\*", "x", False),
        ("3.?", "3.8", True),
        ("", "", True),
        ("*", "", True),
    ],
)
def test_shell_patterns(pattern: str, text: str, expected: bool) -> None:
    glob = shell_glob(pattern)
    assert glob is not None
    assert glob.matches(text) is expected


@pytest.mark.parametrize("pattern", ["[[:digit:]]", "@(a|b)", "[a\\]]"])
def test_shell_patterns_that_are_not_read(pattern: str) -> None:
    assert shell_glob(pattern) is None


# --- values that are built from each other -----------------------------------------------------------------------------


def test_10000_args_each_built_from_the_last(known: Catalog) -> None:
    lines = "".join(f"ARG A{i}=${{A{i - 1}}}y\n" for i in range(1, 10_000))
    with within(60):
        built = build(known, f"FROM ubuntu:20.04\nARG A0=x\n{lines}")
    assert built.env["A9999"].value == "x" + "y" * 9999
    assert all(len(text.pieces) <= MAX_PIECES for text in built.env.values())
    assert all(len(piece.via) <= MAX_CHAIN for text in built.env.values() for piece in text.pieces)


def test_a_path_that_grows(known: Catalog) -> None:
    lines = "".join(f"ENV PATH=/p{i}:$PATH\n" for i in range(2000))
    with within(30):
        built = build(known, f"FROM ubuntu:20.04\n{lines}")
    assert built.env["PATH"].value.startswith("/p1999:/p1998:")
    assert built.env["PATH"].value.endswith("/sbin:/bin")


@pytest.mark.parametrize("instruction", ["ARG A=$A$A\n", "ENV A=$A$A\n", "RUN {}\n"])
def test_a_value_that_doubles_becomes_a_hole(known: Catalog, instruction: str) -> None:
    lines = instruction.format("A=ab; " + "A=$A$A; " * 2000 + "apt-get install $A") if "{" in instruction else ""
    text = f"FROM ubuntu:20.04\nARG A=ab\n{lines or instruction * 2000}RUN apt-get install $A\n"
    with within(30):
        built = build(known, text)
    assert len(built.env["A"].value) <= MAX_VALUE


def test_a_short_value_that_doubles_is_known(known: Catalog) -> None:
    built = build(known, "FROM ubuntu:20.04\nARG A=ab\n" + "ARG A=$A$A\n" * 10)
    assert built.env["A"].value == "ab" * 1024
    assert not build(known, "FROM ubuntu:20.04\nARG A=ab\n" + "ARG A=$A$A\n" * 20).env["A"].known


def test_many_uses_of_a_long_value_in_one_line(known: Catalog) -> None:
    with within(20):
        built = build(known, f"FROM ubuntu:20.04\nARG A={'a' * 30_000}\nARG B={'$A' * 20_000}\n")
    assert len(built.env["B"].value) <= MAX_VALUE
    assert "too long" in built.env["B"].reason


def test_deep_nesting_is_not_a_refusal() -> None:
    word = "${A:-" * 61 + "x" + "}" * 61
    text = expand(Mapped.of(Source("f", word)), lambda name: None, "\\")
    assert (text.known, text.reason) == (False, "its substitutions are nested too deeply to be followed")
    with pytest.raises(ExpansionError):
        expanded("${A:-")


# --- evidence ------------------------------------------------------------------------------------------------------------


def test_the_evidence_of_a_part_is_the_whole_definition(known: Catalog) -> None:
    text = 'FROM ubuntu:20.04\nARG V=3.8\nARG NAME=" conda=$V"\nENV B=$NAME-x\n'
    chain = build(known, text).env["B"].chain()
    assert [item.text for item in chain][:3] == ["3.8", "conda=$V", "$NAME-x"]
    assert [item.note for item in chain][:3] == ["ARG V", "ARG NAME", "ENV B"]


def test_the_evidence_of_a_part_of_several_lines_is_its_line(known: Catalog) -> None:
    built = build(known, 'FROM ubuntu:20.04\nENV P="a \\\n b \\\n c"\n')
    assert [item.text for item in built.env["P"].causes] == ["a", "b", "c"]


def test_a_script_in_a_variable_stands_where_it_is_used() -> None:
    source = Source("f", "x=$SCRIPT end")
    place = source.span(2, 9)
    held = defined(literal("apt-get install git", source.span(0, 1)), place, "SCRIPT")
    mapped = as_mapped(Text((*literal("a ", source.span(0, 2)).pieces, *held.pieces)))
    assert mapped is not None
    assert mapped.span(2, 9) == place
    assert mapped.slice(10).span(0, 7) == place
    assert mapped.span(0, 1) == source.span(0, 1)
