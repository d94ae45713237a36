"""Which commands of a script run: certainly, perhaps (told by a question mark) or not at all."""

from __future__ import annotations

import pytest

from amlcheck.catalog import Catalog
from amlcheck.dockerfile.build import Builder
from amlcheck.dockerfile.built import Built
from amlcheck.dockerfile.plan import make_plan
from amlcheck.dockerfile.reader import read
from amlcheck.dockerfile.script import MAX_COMMANDS, Command, Runner
from amlcheck.dockerfile.source import Mapped, Source
from amlcheck.dockerfile.text import HOLE

Script = tuple[str, list[str]]


def commands(script: str, bash: bool | None = None) -> list[str]:
    """The commands of a script in order, as they would run; an ellipsis for what is not known."""
    seen: list[str] = []

    def on_command(command: Command) -> None:
        words = " ".join(word.value.replace(HOLE, "…") for word in command.words)
        seen.append(words if command.certain else f"{words} ?")

    runner = Runner(
        {},
        lambda name: None,
        on_command,
        lambda command: None,
        lambda reason, span, certain: seen.append(f"! {reason}"),
    )
    runner.bash = bash
    runner.run(Mapped.of(Source("script", script)))
    return seen


def build(known: Catalog, text: str) -> Built:
    """What the last stage of a Dockerfile holds."""
    return Builder(make_plan(read("Dockerfile", text)), known.knowledge, None).target()


EXITS: list[Script] = [
    ("[ -f /x ] || exit 0; apt-get install git", ["apt-get install git ?"]),
    ("if [ -f /x ]; then exit 0; fi; a", ["a ?"]),
    ("grep -q x f && exit 0; a", ["grep -q x f", "a ?"]),
    ("! grep -q x f && exit 0; a", ["grep -q x f", "a ?"]),
    ("a | grep -q x && exit 0; b", ["a", "grep -q x", "b ?"]),
    ("[ -f x ] || { echo x; exit; }; b", ["echo x ?", "b ?"]),
    ("case $U in a) exit 0;; esac; b", ["b"]),
    ("case $(x) in a) exit 0;; esac; b", ["b ?"]),
    ("if a; then exit 0; else exit 1; fi; b", ["a"]),
    ("for x in $(y); do exit 0; done; b", ["b ?"]),
    ('eval "[ -f x ] || exit 0"; b', ["b ?"]),
]


@pytest.mark.parametrize(("script", "expected"), EXITS)
def test_exits_that_may_have_happened(script: str, expected: list[str]) -> None:
    assert commands(script) == expected


FAILS: list[Script] = [
    ("[ -f x ] || exit 1; a", ["a"]),
    ("[ -f x ] || exit; a", ["a"]),
    ("[ -f x ] || exit $?; a", ["a"]),
    ("if ! a; then echo no; exit 1; fi; b", ["a", "echo no ?", "b"]),
    ("if a; then b; else exit 1; fi; c", ["a", "b ?", "c"]),
    ("if x; then V=1; else exit 1; fi; a $V", ["x", "a 1"]),
    ("case $(uname -m) in x86_64) V=1;; *) exit 1;; esac; a $V", ["a 1"]),
    ("[ -f x ] || { V=2; exit 1; }; a $V", ["a"]),
]


@pytest.mark.parametrize(("script", "expected"), FAILS)
def test_exits_that_make_the_build_fail(script: str, expected: list[str]) -> None:
    assert commands(script) == expected


EXIT: list[Script] = [
    ("a; exit; b", ["a"]),
    ("a; exit 0; b", ["a"]),
    ("exit 1; b", []),
    ("(exit 0); a", ["a"]),
    ("echo x | exit 0; a", ["echo x", "a"]),
    ('eval "exit 0"; a', []),
    ("for x in 1 2; do exit 0; done; a", []),
    ("true || exit 0; b", ["true ?", "b"]),
    ("false || exit 0; b", ["false ?"]),
]


@pytest.mark.parametrize(("script", "expected"), EXIT)
def test_exits_that_happen(script: str, expected: list[str]) -> None:
    assert commands(script) == expected


PASSED: list[Script] = [
    ("a || true; b", ["a ?", "b"]),
    ("a || :", ["a ?"]),
    ("a || echo x", ["a ?"]),
    ("a || echo x >&2", ["a ?"]),
    ("a && b || true; c", ["a ?", "b ?", "c"]),
    ("a || { echo x; exit 0; }; b", ["a ?", "echo x ?", "b ?"]),
    ("a || exit 0; b", ["a ?", "b ?"]),
    ("a || return 0; b", ["a ?", "b ?"]),
    ("a || (echo x; true)", ["a ?", "echo x ?", "true ?"]),
    ("if a; then b; fi", ["a ?", "b ?"]),
    ("a || { echo x; exit 1; }; b", ["a", "echo x ?", "b"]),
    ("a || (echo x && exit 1); b", ["a", "echo x ?", "b"]),
    ("a || { echo x; false; }", ["a", "echo x ?", "false ?"]),
    ("a || b", ["a", "b ?"]),
    ("a || exit 1; b", ["a", "b"]),
]


@pytest.mark.parametrize(("script", "expected"), PASSED)
def test_failures_that_are_passed_over(script: str, expected: list[str]) -> None:
    assert commands(script) == expected


LOOPS: list[Script] = [
    ("for x in 1 2 3; do a $x; continue; b; done; c", ["a 1", "a 2", "a 3", "c"]),
    ("for x in 1 2 3; do a $x; break; b; done; c", ["a 1", "c"]),
    ("for x in 1 2 3; do [ -f $x ] && continue; b $x; done; c", ["b 1 ?", "b 2 ?", "b 3 ?", "c"]),
    ("for x in 1 2 3; do [ -f $x ] && break; b $x; done; c", ["b 1 ?", "b 2 ?", "b 3 ?", "c"]),
    ("for x in 1 2; do for y in 3 4; do a $x$y; continue 2; b; done; c; done; d", ["a 13", "a 23", "d"]),
    ("for x in 1 2; do for y in 3 4; do a $x$y; break 2; done; c; done; d", ["a 13", "d"]),
    (
        "for x in 1 2; do for y in 3 4; do [ -f z ] && break 2; a $x$y; done; c; done; d",
        ["a 13 ?", "a 14 ?", "c ?", "a 23 ?", "a 24 ?", "c ?", "d"],
    ),
    ("V=1; for x in 1 2; do [ -f x ] && { V=2; break; }; done; a $V", ["a …"]),
    ("V=1; for x in 1 2; do [ -f x ] && { V=2; exit 1; }; done; a $V", ["a 1"]),
    ("for x in 1 2; do V=$x; [ -f x ] && continue; V=3; done; a $V", ["a …"]),
    ("while true; do a && break; b; done; c", ["a", "c"]),
    ("while true; do a; break; done; c", ["a", "c"]),
    ("until false; do a; [ -f x ] && break; done; c", ["a", "c"]),
    ("while [ -f x ]; do a; done; b", ["a ?", "b"]),
    ("while [ -f x ]; do a; exit 0; done; b", ["a ?", "b ?"]),
    ("for x in $U; do a; done; b", ["b"]),
    ('for f in /x/*.deb a "b*"; do a $f; done', ["a /x/….deb ?", "a a", "a b*"]),
    ("f() { break; }; for x in 1 2; do f; a; done; b", ["a ?", "a ?", "b"]),
]


@pytest.mark.parametrize(("script", "expected"), LOOPS)
def test_loops(script: str, expected: list[str]) -> None:
    assert commands(script) == expected


FUNCTIONS: list[Script] = [
    ("f() { [ -f x ] && return 0; a; }; f; b", ["a ?", "b"]),
    ("f() { [ -f x ] || return 1; a; }; f; b", ["a", "b"]),
    ("f() { [ -f x ] || return 1; a; }; if f; then b; fi; c", ["a ?", "b ?", "c"]),
    ("f() { a; return; b; }; f; c", ["a", "c"]),
    ("f() { local V=2; a $V; }; V=1; f; b $V", ["a 2", "b 1"]),
    ('f() { a "$@"; }; f "x y" z', ["a x y z"]),
    ("f() ( V=2; exit 0 ); V=1; f; a $V", ["a 1"]),
]


@pytest.mark.parametrize(("script", "expected"), FUNCTIONS)
def test_functions(script: str, expected: list[str]) -> None:
    assert commands(script) == expected


PROCESSES: list[Script] = [
    ("(V=1); a $V", ["a"]),
    ("V=1; (V=2; a $V); b $V", ["a 2", "b 1"]),
    ("echo x | V=3.8; a $V", ["echo x", "a"]),
    ("V=1; echo x | { V=2; a $V; }; b $V", ["echo x", "a 2", "b 1"]),
]


@pytest.mark.parametrize(("script", "expected"), PROCESSES)
def test_variables_of_other_processes(script: str, expected: list[str]) -> None:
    assert commands(script) == expected


BRANCHES: list[Script] = [
    ("V=1; [ -f x ] && V=2; a $V", ["a …"]),
    ("if [ -f x ]; then V=1; elif [ -f y ]; then a $V; V=2; else V=1; fi; b $V", ["a ?", "b …"]),
    ("V=1; if [ -f x ]; then V=1; fi; b $V", ["b 1"]),
    ("grep x f && V=2; a $V", ["grep x f", "a …"]),
]


@pytest.mark.parametrize(("script", "expected"), BRANCHES)
def test_variables_of_branches(script: str, expected: list[str]) -> None:
    assert commands(script) == expected


CONDITIONS: list[Script] = [
    ("V=3.8; case $V in 3.*) a;; *) b;; esac", ["a"]),
    ('V=3.8; case $V in "3.*") a;; 3\\.8) b;; esac', ["b"]),
    ('V=a; case $V in [ab]"*") a ;; *) b ;; esac', ["b"]),
    ("V=3.8; if [[ $V == 3.* ]]; then a; else b; fi", ["a"]),
    ('V=3.8; if [[ $V == "3.*" ]]; then a; else b; fi', ["b"]),
    ('V=3.8; if [[ $V == *"."* ]]; then a; else b; fi', ["a"]),
    ("V=3.8; if [ $V = 3.\\* ]; then a; else b; fi", ["b"]),
    ("V=3.8; if [[ $V == @(3.7|3.8) ]]; then a; else b; fi", ["a ?", "b ?"]),
    ("V=3; if [[ ! $V == 3 ]]; then a; else b; fi", ["b"]),
    ('V=3; if [ ! "$V" = 4 ]; then a; else b; fi', ["a"]),
    (
        "V=3.8.1; a ${V%.*} ${V%%.*} ${V#*.} ${V##*.} ${V#[0-9].} ${V%%[!0-9.]*} ${V//./-}",
        ["a 3.8 3 8.1 1 8.1 3.8.1 3-8-1"],
    ),
    ('V=a*b; a ${V%"*"*} ${V#\\*}', ["a a a*b"]),
]


@pytest.mark.parametrize(("script", "expected"), CONDITIONS)
def test_conditions(script: str, expected: list[str]) -> None:
    assert commands(script) == expected


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("{git,wget}", "git wget"),
        ("python3.{8,9}", "python3.8 python3.9"),
        ("a{b,c{d,e}}f", "abf acdf acef"),
        ("{a,b}{1..3}", "a1 a2 a3 b1 b2 b3"),
        ("{08..10}", "08 09 10"),
        ("{c..a}", "c b a"),
        ("{1..7..3}", "1 4 7"),
        ("x{,y}", "x xy"),
        ("'p'{q,\"r s\"}", "pq pr s"),
        ("{a{b,c}}", "{ab} {ac}"),
        ("{} {a} {a,b", "{} {a} {a,b"),
        ("'{a,b}' \\{a,b}", "{a,b} {a,b}"),
        ("{1..100000}", "…"),
        ('{1..3"x,"}y', "…y"),
        ('"q,"\\,x{a,b}', "q,,xa q,,xb"),
        ("{a,b}" * 20, "…" * 20),
    ],
)
def test_braces_in_bash(word: str, expected: str) -> None:
    assert commands(f"a {word}", bash=True) == [f"a {expected}"]


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("{git,wget}", "…"),
        ("python3.{8,9}-dev", "python3.…-dev"),
        ("{1..3}", "…"),
        ("{} {a} '{a,b}' \\{a,b} \"{a,b}\"", "{} {a} {a,b} {a,b} {a,b}"),
    ],
)
def test_braces_where_the_shell_is_not_known(word: str, expected: str) -> None:
    assert commands(f"a {word}") == [f"a {expected}"]


def test_braces_in_sh() -> None:
    assert commands("a x{b,c} {1..3}", bash=False) == ["a x{b,c} {1..3}"]


def test_words_from_braces_keep_their_place_and_reason() -> None:
    seen: list[Command] = []
    runner = Runner({}, lambda name: None, seen.append, lambda command: None, lambda reason, span, certain: None)
    source = Source("script", "apt install lib{x,yz}-dev")
    runner.run(Mapped.of(source))
    assert seen[0].words[-1].reason == "braces are expanded by bash and not by sh"
    assert seen[0].words[-1].span == source.span(12, 25)
    runner.bash = True
    runner.run(Mapped.of(source))
    first, second = seen[1].words[2:]
    assert [(piece.value, piece.span.text) for piece in second.pieces if piece.span] == [
        ("lib", "lib"),
        ("yz", "yz"),
        ("-dev", "-dev"),
    ]
    assert first.value == "libx-dev"


@pytest.mark.parametrize("body", ["apt-get install $v0", "A=$v0", "[ $v0 = b ]"])
def test_nested_loops_end(body: str) -> None:
    heads = "".join(f"for v{i} in a b c d e f g h i j; do " for i in range(20))
    seen = commands(f"{heads}{body}; {'done; ' * 20}")
    assert len(seen) <= MAX_COMMANDS + 1
    assert seen[-1] == "! the script runs too many commands to be followed"


def test_functions_that_call_themselves_end() -> None:
    seen = commands("f() { f; f; A=1; }; f")
    assert len(seen) <= MAX_COMMANDS + 1


def test_what_bash_c_sets_stays_there(known: Catalog) -> None:
    built = build(known, "FROM ubuntu:20.04\nRUN V=3.9; bash -c 'V=3.8; cd /x; exit 0' && apt-get install python$V\n")
    assert [package.name for package in built.packages] == ["python3.9"]


def test_a_failure_that_is_passed_over_leaves_git_undecided(known: Catalog) -> None:
    built = build(known, "FROM ubuntu:20.04\nRUN apt-get install -y git || true\nRUN apt-get install -y wget\n")
    assert [(package.name, package.certain) for package in built.packages] == [("git", False), ("wget", True)]
