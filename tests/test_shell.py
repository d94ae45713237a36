"""Shell scripts: the commands that run, with their words, their places, and whether they certainly run."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amlcheck.dockerfile.reader import read
from amlcheck.dockerfile.script import MAX_COMMANDS, MAX_ROUNDS, Command, Runner
from amlcheck.dockerfile.shell import MAX_SCRIPT
from amlcheck.dockerfile.source import Mapped, Source
from amlcheck.dockerfile.text import HOLE, Text, hole, literal

KNOWN = {"HOME": "/root", "V": "value", "E": "", "S": "x y", "VERSION": "4.7.12", "G": "a*"}
UNSET = frozenset({"U", "W"})
SHOWN_HOLE = "?"
"""What is not known, in the expectations below."""


@dataclass
class Run:
    """What following a script told."""

    commands: list[Command] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    variables: dict[str, Text] = field(default_factory=dict)

    @property
    def lines(self) -> list[str]:
        """The commands as text; one that may not run ends in a question mark after a blank."""
        return [
            " ".join(word.value.replace(HOLE, SHOWN_HOLE) for word in command.words) + ("" if command.certain else " ?")
            for command in self.commands
        ]


def _lookup(name: str) -> Text | None:
    """The build's environment: some variables, some that are certainly not set, and a base image that may set others."""
    if name in UNSET:
        return None
    return literal(KNOWN[name]) if name in KNOWN else hole(f"{name} is not known")


def _output(command: Command) -> Text | None:
    words = " ".join(word.value for word in command.words)
    return {"uname -m": literal("x86_64"), "dpkg --print-architecture": literal("amd64")}.get(words)


def follow(script: str | Mapped, certain: bool = True) -> Run:
    found = Run()
    runner = Runner(
        found.variables,
        _lookup,
        found.commands.append,
        _output,
        lambda reason, span, certain: found.unread.append(reason),
    )
    runner.run(script if isinstance(script, Mapped) else Mapped.of(Source("Dockerfile", script)), certain)
    return found


def lines(script: str) -> list[str]:
    return follow(script).lines


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("a b  c", ["a", "b", "c"]),
        ("a 'b c' \"d e\"", ["a", "b c", "d e"]),
        ("a b'c d'\"e f\"g", ["a", "bc de fg"]),
        ("a '' \"\"", ["a", "", ""]),
        ("a \\$V '$V' \"\\$V\"", ["a", "$V", "$V", "$V"]),
        ("a b\\ c", ["a", "b c"]),
        ('a "b\\"c" "d\\\\e" "f\\g"', ["a", 'b"c', "d\\e", "f\\g"]),
        ('a $V ${V}x "$V y"', ["a", "value", "valuex", "value y"]),
        ("a $S", ["a", "x", "y"]),
        ('a "$S"', ["a", "x y"]),
        ("a b$S", ["a", "bx", "y"]),
        ("a $E", ["a"]),
        ('a "$E"', ["a", ""]),
        ("a $U b", ["a", "b"]),
        ('a "$U" b', ["a", "", "b"]),
        ("a $X b", ["a", SHOWN_HOLE, "b"]),
        ("a b=$X", ["a", f"b={SHOWN_HOLE}"]),
        ("a ${U:-d} ${V:-d} ${E:-d} ${E-d}", ["a", "d", "value", "d"]),
        ("a ${V:+s} ${U:+s}", ["a", "s"]),
        ("a ${VERSION%.*} ${VERSION%%.*} ${VERSION#*.} ${VERSION##*.}", ["a", "4.7", "4", "7.12", "12"]),
        ("a ${VERSION/./-} ${VERSION//./-}", ["a", "4-7.12", "4-7-12"]),
        ("a ${X:-d}", ["a", SHOWN_HOLE]),
        ("a ${VERSION:0:1}", ["a", SHOWN_HOLE]),
        ("a $'b\\tc'", ["a", "b\tc"]),
        ("a $(echo b c)", ["a", "b", "c"]),
        ('a "$(echo b c)"', ["a", "b c"]),
        ("a $(echo $V)x", ["a", "valuex"]),
        ("a `echo b`", ["a", "b"]),
        ("a $(uname -m)", ["a", "x86_64"]),
        ("a $(date)", ["a", SHOWN_HOLE]),
        ("a $((1 + 2))", ["a", SHOWN_HOLE]),
        ("a # b", ["a"]),
        ("a 'é日' 😀", ["a", "é日", "😀"]),
        ("B=c a d", ["a", "d"]),
        ("a {b,c}", ["a", "?"]),  # braces are bash's, and which shell it is is not known
        ('a "$V $S" "${V} ${S} $(echo b) x"', ["a", "value x y", "value x y b x"]),
        ('a "$V\n$V" " $V"', ["a", "value\nvalue", " value"]),
    ],
)
def test_the_words_of_a_command(script: str, words: list[str]) -> None:
    found = follow(script)
    assert [[word.value.replace(HOLE, SHOWN_HOLE) for word in command.words] for command in found.commands] == [words]


@pytest.mark.parametrize(
    ("script", "commands"),
    [
        # lists
        ("a; b\nc && d", ["a", "b", "c", "d"]),
        ("a && b && c || exit 1", ["a", "b", "c"]),
        ("a || true", ["a ?"]),
        ("a || b", ["a", "b ?"]),
        ("false || b", ["false", "b"]),
        ("true && a", ["true", "a"]),
        ("false && a; b", ["false", "b"]),
        ("a & b", ["a", "b"]),
        ("{ a; b; }", ["a", "b"]),
        ("! a; b", ["a", "b"]),
        ("set -eux; a", ["set -eux", "a"]),
        ("a; exit 0; b", ["a"]),
        # conditions
        ('[ "$V" = value ] && a; b', ["a", "b"]),
        ('[ "$V" = other ] && a; b', ["b"]),
        ('[ "$X" = other ] && a; b', ["a ?", "b"]),
        ('[ "$V" = value ] || a; b', ["b"]),
        ("if true; then a; else b; fi", ["a"]),
        ('if [ "$V" = value ]; then a; else b; fi; c', ["a", "c"]),
        ('if [ "$V" != value ]; then a; else b; fi', ["b"]),
        ('if [ "$V" = x ]; then a; elif [ "$VERSION" = 4.7.12 ]; then b; else c; fi', ["b"]),
        ('if [ "$V" = x ]; then a; elif [ "$V" = y ]; then b; fi; c', ["c"]),
        ('if [ "$X" = x ]; then a; else b; fi; c', ["a ?", "b ?", "c"]),
        ('if [ "$X" = x ]; then a; elif true; then b; else c; fi', ["a ?", "b ?"]),
        ("if [ -f /x ]; then a; fi; b", ["a ?", "b"]),
        ('if [ -z "$E" ]; then a; fi', ["a"]),
        ('if [ -n "$E" ]; then a; else b; fi', ["b"]),
        ('if [ -n "$X" ]; then a; fi', ["a ?"]),
        ('if [[ "$VERSION" == 4.* ]]; then a; else b; fi', ["a"]),
        ('if [[ "$VERSION" == 5.* ]]; then a; else b; fi', ["b"]),
        ('if [[ "$VERSION" == "4.*" ]]; then a; else b; fi', ["b"]),
        ("if [[ $VERSION != 4.* && $V == value ]]; then a; else b; fi", ["b"]),
        ('if [ "$VERSION" = 4.* ]; then a; else b; fi', ["b"]),
        ('if [ "$V" = value -a -z "$E" ]; then a; fi', ["a"]),
        ('if [ "$V" = value -a ! -z "$E" ]; then a; else b; fi', ["b"]),
        ('if [ "$V" = x -o "$V" = y ]; then a; else b; fi', ["b"]),
        ('if [ "$V" = value -o "$X" = y ]; then a; else b; fi', ["a"]),
        ('if [ "$V" = value -a -f /x ]; then a; else b; fi', ["a ?", "b ?"]),
        ("if [ ! -d /x ]; then a; fi", ["a ?"]),
        ('if [ "$V" = x -o "$V" = value ]; then a; fi', ["a"]),
        ('if [ "$V" = x ] || [ -z "$E" ]; then a; fi', ["a"]),
        ('if [ "$V" = value ] && [ "$X" = y ]; then a; fi', ["a ?"]),
        ('if ! [ "$V" = x ]; then a; fi', ["a"]),
        ("if [ 2 -ge 1 ]; then a; else b; fi", ["a"]),
        ('if [ "$(uname -m)" = x86_64 ]; then a; else b; fi', ["a"]),
        ("if which gcc; then a; fi", ["which gcc ?", "a ?"]),
        # case
        ("case $(uname -m) in x86_64) a ;; aarch64) b ;; *) c ;; esac; d", ["a", "d"]),
        ("case $(uname -m) in aarch64) a ;; *) b ;; esac", ["b"]),
        ('case "$(dpkg --print-architecture)" in arm64|armhf) a ;; amd64|i386) b ;; esac', ["b"]),
        ("case $V in val*) a ;; esac", ["a"]),
        ("case $V in other) a ;; esac; b", ["b"]),
        ("case $X in x) a ;; *) b ;; esac; c", ["a ?", "b ?", "c"]),
        # loops
        ("for i in a b; do c $i; done", ["c a", "c b"]),
        ("for i in $S z; do c $i; done", ["c x", "c y", "c z"]),
        ("for i in $X; do c $i; done", ["c ? ?"]),
        ("for i in *.sh; do c $i; done", ["c ?.sh ?"]),
        ("while read x; do a; done; b", ["read x ?", "a ?", "b"]),
        ("until a; do b; done", ["a ?", "b ?"]),
        ("for i in 1 2; do false && a; done; b", ["false", "false", "b"]),
        # functions
        ("f() { a $1 $2; }; f b c; f d", ["a b c", "a d"]),
        ('f() { a "$@" $#; }; f b c', ["a b c ?"]),
        ("function f { a; }; f; f", ["a", "a"]),
        ("f() { return 0; a; }; f; b", ["b"]),
        ("f() { a; }", []),
        # subshells
        ("(V=x; a $V); a $V", ["a x", "a value"]),
        ("(a; exit 1); b", ["a", "b"]),
        # variables
        ("V=x; a $V", ["a x"]),
        ("V=x a $V", ["a value"]),
        ("export V=x W=y && a $V $W", ["a x y"]),
        ("V=a; V+=b; c $V", ["c ab"]),
        ('V="$V/x"; a $V', ["a value/x"]),
        ("V=$(echo x); a $V", ["a x"]),
        ("V=$(date); a $V", ["a ?"]),
        ("unset V; a $V b", ["a b"]),
        ('if [ "$X" = x ]; then V=y; fi; a $V', ["a ?"]),
        ('if [ "$X" = x ]; then V=value; fi; a $V', ["a ?"]),
        ('V=x; if [ "$X" = x ]; then V=x; fi; a $V', ["a x"]),
        ("case $X in x) V=1 ;; y) V=2 ;; esac; a $V", ["a ?"]),
        ("while a; do V=x; done; b $V", ["a ?", "b ?"]),
        ("a || V=x; b $V", ["a", "b ?"]),
        ("arr=(b c); a", ["a"]),
        # eval and substitution
        ("eval 'a b'", ["a b"]),
        ('eval "$V $S"', ["value x y"]),
        ("a | b | c", ["a", "b", "c"]),
        ("a |& b", ["a", "b"]),
        ("a \\\n  b \\\n  c", ["a b c"]),
    ],
)
def test_the_commands_that_run(script: str, commands: list[str]) -> None:
    found = follow(script)
    assert found.lines == commands
    assert found.unread == []


@pytest.mark.parametrize(
    ("script", "name"),
    [("/opt/conda/bin/conda x", "conda"), ("conda x", "conda"), ("./a.sh", "a.sh"), ("$X/bin/b", ""), ("$V", "value")],
)
def test_the_name_of_a_program(script: str, name: str) -> None:
    assert follow(script).commands[0].name == name


def test_variables_of_one_command_are_known() -> None:
    command = follow("A=b C=$V d e").commands[0]
    assert {name: value.value for name, value in (command.environment or {}).items()} == {"A": "b", "C": "value"}


def test_a_script_that_may_not_run_has_no_certain_command() -> None:
    assert follow(Mapped.of(Source("x", "a; b && c")), certain=False).lines == ["a ?", "b ?", "c ?"]


@pytest.mark.parametrize(
    ("script", "words", "redirects"),
    [
        ("pip install foo>=1.0", ["pip", "install", "foo"], [(">", "=1.0")]),
        ("pip install foo>=1.0,<2", ["pip", "install", "foo"], [(">", "=1.0,"), ("<", "2")]),
        ("pip install 'foo>=1.0'", ["pip", "install", "foo>=1.0"], []),
        ("echo a > b", ["echo", "a"], [(">", "b")]),
        ("echo a >> $V/b 2>&1", ["echo", "a"], [(">>", "value/b"), (">&", "1")]),
        ("a < b", ["a"], [("<", "b")]),
        ("a &> /dev/null", ["a"], [("&>", "/dev/null")]),
        ("cat <<< word", ["cat"], [("<<<", "word")]),
    ],
)
def test_redirects_are_no_words(script: str, words: list[str], redirects: list[tuple[str, str]]) -> None:
    command = follow(script).commands[0]
    assert [word.value for word in command.words] == words
    assert [(item.operator, item.target.value) for item in command.redirects] == redirects


@pytest.mark.parametrize(
    ("script", "body", "expands"),
    [
        ("cat > f <<EOF\na $V\nEOF\n", "a $V\n", True),
        ("cat > f <<'EOF'\na $V\nEOF\n", "a $V\n", False),
        ('cat > f <<"EOF"\na $V\nEOF\n', "a $V\n", False),
        ("cat <<\\EOF > f\na $V\nEOF\n", "a $V\n", False),
    ],
)
def test_the_lines_of_a_heredoc(script: str, body: str, expands: bool) -> None:
    command = follow(script + "b\n").commands[0]
    assert [word.value for word in command.words] == ["cat"]
    document = next(item for item in command.redirects if item.operator == "<<")
    assert document.body is not None
    assert (document.body.text, document.expands) == (body, expands)
    assert ("f" in [item.target.value for item in command.redirects]) is True
    assert lines(script + "b\n")[-1] == "b"


def test_a_pipeline_knows_what_feeds_whom() -> None:
    first, second, third = follow("curl x | tar y | z").commands
    assert (first.feeder, second.feeder, third.feeder) == (None, first, second)
    assert follow("a; b").commands[1].feeder is None


def test_what_comes_from_a_variable_names_where_it_was_set() -> None:
    text = "V=4.7.12 && wget https://x/Miniconda3-$V.sh"
    word = follow(text).commands[0].words[1]
    assert word.value == "https://x/Miniconda3-4.7.12.sh"
    version = word.slice(word.value.index("4.7"), len(word.value) - 3)
    assert [(step.text, step.location.column if step.location else 0) for step in version.chain()] == [
        ("4.7.12", 3),
        ("$V", text.index("$V") + 1),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "FROM a\nRUN echo b && \\\n    conda install -y \\\n      python=3.7 'numpy>1'\n",
        "FROM a\r\nRUN echo b && \\\r\n    conda \\\r\n\tpython=3.7\r\n",
        "\ufeffFROM a\nRUN echo 'é日' 😀 && conda python=3.7\n",
        "FROM a\nRUN b \\\n# note\n\n  c python=3.7\n",
        "FROM a\nRUN <<EOF\necho b\nconda install python=3.7\nEOF\n",
        'FROM a\nRUN if [ -f x ]; then \\\n  conda install "python=3.7"; \\\n fi\n',
        "FROM a\nRUN $(echo conda) python=3.7\n",
    ],
)
def test_words_stand_at_their_places_through_continuation_lines(text: str) -> None:
    instruction = read("Dockerfile", text).instructions[1]
    script = instruction.heredocs[0].content if instruction.heredocs else instruction.args
    found = [word for command in follow(script).commands for word in command.words]
    assert found
    for word in found:
        for piece in word.pieces:
            if piece.is_literal:
                assert piece.span is not None
                assert piece.span.text == piece.value
    pinned = next(word.span for word in found if word.value == "python=3.7")
    assert pinned is not None
    place = pinned.location
    line = text.split("\n")[place.line - 1]
    assert line[place.column - 1 : place.end_column - 1].strip('"') == "python=3.7"
    assert place.end_line == place.line


def test_a_word_over_two_lines_spans_both() -> None:
    text = "FROM a\nRUN pip install nu\\\nmpy==1\n"
    word = follow(read("Dockerfile", text).instructions[1].args).commands[0].words[2]
    assert word.value == "numpy==1"
    assert word.span is not None
    place = word.span.location
    assert (place.line, place.column, place.end_line, place.end_column) == (2, 17, 3, 7)


# --- bounds --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        pytest.param("a\n" * (MAX_SCRIPT // 2 + 1), "too long", id="a huge script"),
        pytest.param("a;" * (MAX_COMMANDS + 10), "too many commands", id="too many commands"),
        pytest.param("for i in " + "x " * 100_000 + "; do a; done", "too long", id="a loop of 100,000 rounds"),
        pytest.param("( " * 4000 + "a" + " )" * 4000, "too deeply", id="nested subshells"),
        pytest.param("eval 'eval \"eval $V $X\"'", "eval of something that is not known", id="eval"),
        pytest.param("if then fi (", "cannot be read", id="broken syntax"),
    ],
)
def test_what_cannot_be_followed_is_told_and_ends_soon(script: str, reason: str) -> None:
    start = time.perf_counter()
    found = follow(script)
    assert time.perf_counter() - start < 10
    assert [entry for entry in found.unread if reason in entry]
    assert len(found.commands) <= MAX_COMMANDS


@pytest.mark.parametrize(
    "script",
    [
        "f() { f; f; f; }; f",
        "f() { g; g; }; g() { f; f; }; f",
        "V=x; " + "V=$V$V; " * 40 + "a $V",
        "for a in 1 2 3 4 5 6 7 8 9; do " * 8 + "x" + "; done" * 8,
        "eval " * 50 + "a",
        'x=\'eval "$x"\'; eval "$x"',
        "a | " * 3000 + "b",
        "a && " * 3000 + "b",
        'a "' + "$(echo " * 60 + "b" + ")" * 60 + '"',
    ],
    ids=[
        "calls itself",
        "call each other",
        "doubles",
        "nested loops",
        "evals",
        "evals itself",
        "pipes",
        "ands",
        "echoes",
    ],
)
def test_scripts_that_explode_end_soon(script: str) -> None:
    start = time.perf_counter()
    follow(script)
    assert time.perf_counter() - start < 10


def test_a_long_loop_is_followed_in_part() -> None:
    found = follow("for i in " + " ".join(map(str, range(MAX_ROUNDS + 5))) + "; do a $i; done; b")
    assert found.lines == [*(f"a {index}" for index in range(MAX_ROUNDS)), "b"]
    assert found.unread == ["the loop is too long to be followed"]


def test_what_stands_in_broken_syntax_is_uncertain() -> None:
    found = follow("a\nif b; then c; fi fi\n)\nd e")
    assert found.unread == ["the shell syntax cannot be read here"]
    assert found.lines[:3] == ["a", "b ?", "c ?"]


_SIGNS = "a 'c_d' \"$V\" $V ${V:-x} ${ $( ) ` ( { } ; ;; && || | & ! [ ] [[ ]] = == -z -a > >> < <<EOF <<< ' \" # * \\ *) x) é"
_RESERVED = (
    "if then elif else fi case in esac for while do done function f() f V=1 export eval exit return unset $((1+2))"
)
_TOKENS = st.sampled_from([*_SIGNS.split(), *_RESERVED.split(), "\n", "\nEOF\n", "\\\n", "\t", "\ufffc"])


@settings(max_examples=600, deadline=None)
@given(st.lists(_TOKENS, max_size=25).map(" ".join))
def test_no_script_makes_the_runner_fail(script: str) -> None:
    for command in follow(script).commands:
        assert command.words
        for word in command.words:
            assert word.span is None or word.span.end <= len(script)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.text(alphabet=st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=8), min_size=1, max_size=5
    )
)
def test_quoted_words_come_back_as_they_are(words: list[str]) -> None:
    script = "a " + " ".join("'" + word.replace("'", "'\\''") + "'" for word in words)
    assert [word.value for word in follow(script).commands[0].words] == ["a", *words]
