"""The reader: like BuildKit's own parser (PyPI `dockerfile`), what Docker refuses and what not, and the place of every word."""

from __future__ import annotations

import io

import pytest
from dockerfile_parse import DockerfileParser
from hypothesis import given, settings
from hypothesis import strategies as st

from amlcheck.dockerfile.canonical import canonicalise
from amlcheck.dockerfile.reader import Dockerfile, Instruction, read
from amlcheck.dockerfile.source import Mapped, Source
from buildkit_parser import ours, theirs

TRICKY = [
    pytest.param("FROM a\nRUN b", id="no line end"),
    pytest.param("from a\nrUn b\n", id="keywords in any case"),
    pytest.param("\ufeffFROM a\n", id="a byte order mark"),
    pytest.param("FROM a\r\nRUN b \\\r\n  c\r\nCMD d\r\n", id="CRLF"),
    pytest.param("FROM a\n\n\n  \n\t\nRUN b\n", id="blank lines"),
    pytest.param("  FROM a\n\tRUN b\n", id="indented"),
    pytest.param("FROM\ta\nRUN \t b\n", id="tabs"),
    pytest.param("FROM a\nRUN\vb\vc\nENV\fX\fy\n", id="vertical tabs and form feeds"),
    pytest.param("FROM a\n\u3000RUN b\u3000\n\xa0CMD c\xa0\n", id="Unicode blanks around"),
    pytest.param("FROM a\nRUN b\xa0c\nCOPY d\xa0e /f\n", id="a non-breaking space in a word"),
    pytest.param("FROM a\nENV\xa0A=b\n", id="a non-breaking space for a blank"),
    pytest.param("FROM a\nRUN b \\\xa0\nc\n", id="a non-breaking space after a backslash"),
    pytest.param("# escape=`\nFROM a\nRUN b `\n c\n", id="escape="),
    pytest.param("#escape=`\r\nFROM a\r\nRUN b `\r\n c\r\n", id="escape= with CRLF"),
    pytest.param("\ufeff# Escape = `\t\nFROM a\nRUN b `\n c\n", id="escape= after a byte order mark"),
    pytest.param("# escape=`\nFROM a\nCOPY b C:\\\nRUN c\n", id="a backslash under escape="),
    pytest.param("# escape=`\nFROM a\nCOPY b C:\\ \t\nRUN c\n", id="a backslash and blanks under escape="),
    pytest.param("# syntax=docker/dockerfile:1\n# escape=`\nFROM a\nRUN b `\n c\n", id="two directives"),
    pytest.param("# a comment\n# escape=`\nFROM a\nRUN b `\nRUN c\n", id="escape= after a comment"),
    pytest.param("\n# escape=`\nFROM a\nRUN b `\nRUN c\n", id="escape= after a blank line"),
    pytest.param("# unknown=x\n# escape=`\nFROM a\nRUN b `\nRUN c\n", id="escape= after an unknown directive"),
    pytest.param("FROM a\n# escape=`\nRUN b `\nRUN c\n", id="escape= after FROM"),
    pytest.param("# escape=`\n# escape=`\nFROM a\n", id="escape= twice"),
    pytest.param("# escape=x\nFROM a\n", id="escape= of something else"),
    pytest.param("# syntax=a\n# syntax=b\nFROM a\n", id="syntax= twice"),
    pytest.param("FROM a\nRUN b \\\n  # note\n  c \\\n# note\n\n  d\n", id="comments in a continuation"),
    pytest.param("FROM a\nRUN b \\\n\n\n\n  c\nRUN d\n", id="blank lines in a continuation"),
    pytest.param("FROM a\nRUN b \\ \t\n  c\n", id="blanks after a backslash"),
    pytest.param("FROM a\nRUN b \\\\\nRUN c\n", id="two backslashes"),
    pytest.param("FROM a\nRUN b \\\\ \nRUN c\n", id="two backslashes and a blank"),
    pytest.param("FROM a\nRUN b \\\\\\\nRUN c\n", id="three backslashes"),
    pytest.param("FROM a\nRUN b \\", id="a backslash at the end of the file"),
    pytest.param("FROM a\nRUN b \\\n", id="a backslash on the last line"),
    pytest.param("FROM a\nRUN b \\\n# c\n\n", id="a continuation into comments at the end"),
    pytest.param("FROM a\nRU\\\nN b\n", id="a keyword over two lines"),
    pytest.param("FROM a\nRUN \\\n  b\n", id="nothing but the keyword on the first line"),
    pytest.param("FROM a\n\\\nRUN b\n", id="a backslash alone"),
    pytest.param("FROM a\nRUN echo # b\nRUN echo '#c'\n", id="a hash within a line"),
    pytest.param("FROM a\nRUN <<EOF\nb\nEOF\nRUN c\n", id="heredoc"),
    pytest.param("FROM a\nRUN <<EOF\nEOF\nRUN c\n", id="empty heredoc"),
    pytest.param("FROM a\nRUN <<EOF\r\nb\r\nEOF\r\nRUN c\r\n", id="heredoc with CRLF"),
    pytest.param("FROM a\nRUN <<EOF\nRUN b \\\n# c\n\n EOF\nEOF \nEOF\nRUN d\n", id="near misses in a heredoc"),
    pytest.param("FROM a\nRUN <<'E F'\nb\nE F\n", id="quoted heredoc"),
    pytest.param('FROM a\nRUN <<"EOF" cat > x\n$b\nEOF\n', id="double-quoted heredoc"),
    pytest.param("FROM a\nRUN <<-EOF\n\tb\n\tEOF\nRUN c\n", id="heredoc without tabs"),
    pytest.param("FROM a\nRUN <<EOF\n\tEOF\nEOF\nRUN c\n", id="a tab before the end of a plain heredoc"),
    pytest.param("FROM a\nCOPY <<A <<-B /c/\nx\nA\n\ty\n\tB\nRUN d\n", id="two heredocs"),
    pytest.param("FROM a\nADD <<A /c\nx\nA\n", id="heredoc of ADD"),
    pytest.param("FROM a\nONBUILD RUN <<A\nx\nA\nRUN b\n", id="heredoc of ONBUILD"),
    pytest.param("FROM a\nRUN b <<A && \\\n  c <<B\nx\nA\ny\nB\n", id="heredocs and a continuation"),
    pytest.param("FROM a\nRUN 3<<A b\nx\nA\n", id="heredoc with a descriptor"),
    pytest.param("FROM a\nRUN <<A\nx\n", id="an unterminated heredoc"),
    pytest.param("FROM a\nRUN <<A\nx\nA", id="a heredoc that ends the file"),
    pytest.param("FROM a\nRUN echo '<<A'\nRUN b\n", id="quoted <<"),
    pytest.param('FROM a\nRUN echo "<<A"\nRUN b\n', id="double-quoted <<"),
    pytest.param("FROM a\nRUN echo $((1<<2))\nRUN b\n", id="a shift"),
    pytest.param("FROM a\nRUN cat <<<A\nRUN b\n", id="a here-string"),
    pytest.param("FROM a\nCMD <<A\nRUN b\n", id="<< of CMD"),
    pytest.param('FROM a\nRUN ["b", "<<A"]\nRUN c\n', id="<< in JSON"),
    pytest.param('FROM a\nRUN [ "b" , "c d" ]\nCMD []\nENTRYPOINT ["\\u0041\\n\\"\\\\"]\n', id="JSON"),
    pytest.param("FROM a\nRUN ['b']\nCMD [b\nCMD [\"b\",]\n", id="almost JSON"),
    pytest.param('FROM a\nRUN ["b", \\\n  "c"]\n', id="JSON over two lines"),
    pytest.param('FROM a\nCOPY ["b c", "/d"]\nADD ["e"]\nVOLUME ["/f", "/g"]\nSHELL ["h"]\n', id="JSON of others"),
    pytest.param("FROM a\nRUN [1, 2]\n", id="JSON of numbers"),
    pytest.param('FROM a\nCMD ["a", null]\n', id="JSON with null"),
    pytest.param('FROM a\nENV A=["b", "c"]\nEXPOSE ["80"]\n', id="JSON where none is read"),
    pytest.param("FROM --platform=linux/amd64 a AS b\nCOPY --from=b --chown=c:d e f\n", id="flags"),
    pytest.param('FROM a\nRUN --mount="type=cache,target=/x y" b\nRUN --mount=a\\ b c\n', id="quoted flags"),
    pytest.param("FROM a\nRUN --mount=type=cache,target=/a \\\n  --network=none \\\n  b --c\n", id="flags on lines"),
    pytest.param("FROM a\nRUN -- b\nRUN --x -- --y\nRUN - b\nRUN -b\n", id="dashes"),
    pytest.param("FROM a\nRUN --\nCOPY --link\n", id="nothing but dashes"),
    pytest.param("FROM a\nHEALTHCHECK --interval=5s --retries=3 CMD b c\nHEALTHCHECK NONE\n", id="HEALTHCHECK"),
    pytest.param('FROM a\nHEALTHCHECK CMD ["b", "c"]\nHEALTHCHECK  cmd   b\n', id="HEALTHCHECK and JSON"),
    pytest.param("FROM a\nONBUILD RUN b c\nONBUILD COPY d e\nonbuild env F=g\n", id="ONBUILD"),
    pytest.param("FROM a\nONBUILD ENV b\n", id="ONBUILD of a broken ENV"),
    pytest.param("FROM a\nENV B=c D='e f' G=\"h i\" J=k\\ l\n", id="ENV"),
    pytest.param("FROM a\nENV B c d = e\nENV B  c\nLABEL x y\n", id="the old ENV"),
    pytest.param("FROM a\nENV B=\\\n  c \\\n  D=e\nENV F= G=''\n", id="ENV over lines"),
    pytest.param('FROM a\nENV B=\'c\\\' D=e\nENV F="g\\"h" I=j\n', id="escapes in quotes"),
    pytest.param("FROM a\nENV B\n", id="ENV without a value"),
    pytest.param("FROM a\nENV B=c D\n", id="ENV with a pair without a value"),
    pytest.param('FROM a\nLABEL "b c"="d e" f=g\n', id="a quoted label"),
    pytest.param('ARG A\nARG B=c D="e f" G\nFROM a\nARG H=\n', id="ARG"),
    pytest.param("FROM a\nENV B=c\\", id="ENV and a backslash at the end"),
    pytest.param("FROM a\nEXPOSE 80  443/tcp\t8080-8090\nVOLUME /a /b\nUSER c d\n", id="EXPOSE, VOLUME, USER"),
    pytest.param("FROM a\nWORKDIR /a b\nSTOPSIGNAL SIGINT\nMAINTAINER B <c@d>\n", id="the rest"),
    pytest.param("FROM a\nRUN\nCMD\nENTRYPOINT\nSHELL\n", id="instructions without arguments"),
    pytest.param("FROM a\nRUN échö ☃ 日本\nENV É=ü\nCOPY 日 本\n", id="non-ASCII"),
    pytest.param("FROM a\nRUN 😀 \\\n  😀 b\n", id="beyond the basic plane"),
    pytest.param("FROM a\nRUN b\x1cc \\\n \x1fd\n", id="separators that Python takes for blanks"),
    pytest.param("FROM a\nRUN b\u2028c\x85d\nRUN e\n", id="separators that Python takes for line ends"),
    pytest.param("FROM a\nRUN b\rc\nRUN d\r\r\n", id="carriage returns within"),
    pytest.param("FROM a\nfoo bar\nRUN b\n", id="an unknown instruction"),
    pytest.param("", id="nothing"),
    pytest.param("# a\n\n", id="only comments"),
]


@pytest.mark.parametrize("text", TRICKY)
def test_reads_as_buildkit_does(text: str) -> None:
    expected = theirs(text)
    shapes, refused = ours(text)
    if expected is None:
        assert refused
    else:
        assert shapes == expected


_BLANKS = st.sampled_from(
    [" ", " ", " ", "  ", "\t", "\v", " \\\n", "\\\n  ", "\\ \t\n", " \\\n# note\n  ", " \\\n\n\n", " \\\r\n\t", "`\n"]
)
_ENDS = st.sampled_from(["\n", "\n", "\n", "\r\n", "\n\n", " \t\n", "\n# note\n", "\n  # note \\\n", " \\\n", "\\\n\n"])
_TOKENS = st.sampled_from(
    [
        "a",
        "b=c",
        "é=日本",
        '"d',
        'e"',
        "'f",
        "g'",
        '"h',
        '\\"',
        'i"',
        "'j\\",
        "k\\\\",
        "\\\\\\",
        '"',
        "'",
        "$X",
        "${Y:-z}",
        "#",
        "#x",
        "[",
        '["a",',
        "<<<x",
        '"<<N"',
        "$((1<<2))",
        "CMD",
        "NONE",
        "AS",
        "x\\",
        "y",
        "=",
        "a=",
        "=b",
        "`",
        "``",
        "&&",
        "--",
        "--x=y",
        "a\\",
        "\u3000",
        "\xa0",
        "\u200b",
        "RUN",
    ]
)
_KEYWORDS = st.sampled_from(
    [
        "FROM",
        "RUN",
        "COPY",
        "ADD",
        "ENV",
        "LABEL",
        "ARG",
        "CMD",
        "ENTRYPOINT",
        "EXPOSE",
        "VOLUME",
        "USER",
        "WORKDIR",
        "SHELL",
        "STOPSIGNAL",
        "MAINTAINER",
        "run",
        "Env",
        "CoPy",
        "ONBUILD\tRUN",
        "ONBUILD\tENV",
        "onbuild\tCOPY",
        "HEALTHCHECK",
        "UNKNOWN",
    ]
)
_FLAGS = st.sampled_from(["--from=x", "--mount=type=cache,target=/c", '--chown="a b"', "--link", "--", "--x='y"])
_HEADERS = st.sampled_from(
    [
        "",
        "",
        "",
        "# escape=`\n",
        "#escape=\\\n",
        "# syntax=a\n# escape=`\n",
        "# note\n# escape=`\n",
        "\n# escape=`\n",
        "\ufeff",
        "\ufeff# escape=`\r\n",
        "# escape=`\n# escape=`\n",
        "  #  ESCAPE = `  \n",
        "# x=y\n",
    ]
)


@st.composite
def _plain(draw: st.DrawFn, flags: bool) -> str:
    """An instruction of tokens and whatever may stand between them."""
    words = [draw(_KEYWORDS), *draw(st.lists(_FLAGS, max_size=1 if flags else 0))]
    words += [word for word in draw(st.lists(_TOKENS, max_size=4)) if flags or not word.startswith("--")]
    return draw(st.sampled_from(["", "", " ", "\t"])) + "".join(word + draw(_BLANKS) for word in words) + draw(_ENDS)


@st.composite
def _with_heredocs(draw: st.DrawFn) -> str:
    """RUN, COPY or ADD with heredocs, whose bodies hold anything."""
    opened = draw(st.lists(st.sampled_from(["EOF", "<A", "-B", "'C'", '-"D"', "E\\F"]), min_size=1, max_size=2))
    line = draw(st.sampled_from(["RUN", "copy", "ADD", "ONBUILD RUN"])) + "".join(
        draw(_BLANKS) + word for word in [*(f"<<{name}" for name in opened), *draw(st.lists(_TOKENS, max_size=2))]
    )
    bodies = [
        "".join(draw(st.lists(st.sampled_from(["b\n", "\t# c\n", "\n", "RUN d \\\n", " EOF\n", "$X\r\n"]), max_size=3)))
        + draw(st.sampled_from(["", "", "\t"]))
        + name.strip("<-'\"").replace("\\", "")
        + draw(st.sampled_from(["\n", "\n", "\r\n"]))
        for name in opened
    ]
    return line + "\n" + "".join(bodies)


@st.composite
def _json(draw: st.DrawFn) -> str:
    """An instruction in JSON form."""
    keyword = draw(st.sampled_from(["RUN", "CMD", "ENTRYPOINT", "SHELL", "COPY", "ADD", "VOLUME", "HEALTHCHECK CMD"]))
    strings = draw(st.lists(st.sampled_from(['"a"', '"b c"', '"\\"d"', '"é\\u00e9"', '"<<E"', '""', "1"]), max_size=3))
    blanks = st.sampled_from(["", " ", "\t", " \\\n", "\\\n  "])
    inside = ",".join(draw(blanks) + word + draw(blanks) for word in strings)
    return f"{keyword} [{inside}{draw(blanks)}]" + draw(st.sampled_from(["\n", "\r\n", " \t\n\n", "\n# note\n"]))


_COMMENTS = st.sampled_from(["# RUN x \\\n", "\n", "  \t\n", "#\n"])


@st.composite
def files(draw: st.DrawFn) -> str:
    """A Dockerfile, mostly a broken one.

    BuildKit of the age of PyPI's `dockerfile` takes the backslash for the escape character of flags whatever escape= says.
    """
    header = draw(_HEADERS)
    flags = "`" not in header
    part = st.one_of(_plain(flags), _plain(flags), _with_heredocs(), _json(), _COMMENTS)
    start = draw(st.sampled_from(["FROM a\n", "from a as b\r\n", ""]))
    text = header + start + "".join(draw(st.lists(part, min_size=1, max_size=4)))
    return text[:-1] if draw(st.booleans()) else text


@settings(max_examples=1000, deadline=None)
@given(files())
def test_reads_whatever_is_put_together_as_buildkit_does(text: str) -> None:
    expected = theirs(text)
    shapes, refused = ours(text)
    if expected is None:
        assert refused
    else:
        assert shapes == expected


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("FROM a\nRUN b <<EOF${A%%.*}\nRUN c\n", id="a name that goes on with a substitution"),
        pytest.param("FROM a\nRUN b <<   ${A#*/} && c\nRUN d\n", id="a name that is a substitution"),
        pytest.param('FROM a\nCOPY --from=b ["/c", "/d<<A <<B"]\n', id="a JSON destination with signs in it"),
    ],
)
def test_what_only_todays_buildkit_reads_as_we_do(text: str) -> None:
    found = read("Dockerfile", text)
    assert not found.problems
    assert not any(instruction.heredocs for instruction in found.instructions)


# --- what Docker refuses -------------------------------------------------------------------------------------------------


def problems(text: str) -> list[tuple[int, int, str, str]]:
    """Line, column, the words pointed at and the message of each."""
    found = [
        (problem.span.location, problem.span.text, problem.message) for problem in read("Dockerfile", text).problems
    ]
    return [(place.line, place.column, words, message) for place, words, message in found]


@pytest.mark.parametrize(
    ("text", "line", "column", "words", "message"),
    [
        # the file as a whole
        ("", 1, 1, "", "the file has no instructions"),
        ("# only\n", 1, 1, "", "the file has no instructions"),
        ("ARG A\n", 1, 1, "ARG A", "the file has no FROM instruction"),
        ("RUN b\nFROM a\n", 1, 1, "RUN", "RUN stands before the first FROM"),
        ("ARG A=1\nRUN b\n", 2, 1, "RUN", "RUN stands before the first FROM"),
        ("# escape=x\nFROM a\n", 1, 1, "# escape=x", "invalid escape token 'x'"),
        ("# escape=`\n# escape=`\nFROM a\n", 2, 1, "# escape=`", "only one escape parser directive can be used"),
        ("# syntax=a\n# syntax=a\nFROM a\n", 2, 1, "# syntax=a", "only one syntax parser directive can be used"),
        ("# check=a\n# check=b\nFROM a\n", 2, 1, "# check=b", "only one check parser directive can be used"),
        # unknown instructions
        ("FROM a\nRNU b\n", 2, 1, "RNU", "unknown instruction: RNU"),
        ("FROM a\nRUN b &&\n c d\n", 3, 2, "c", "unknown instruction: c"),
        ("FROM a\n\\\n\n", 2, 1, "", "unknown instruction: "),
        # blanks that are none
        ("FROM a\nRUN b \\\xa0\n && c\n", 2, 8, "\xa0", "a non-breaking space (U+00A0) after the line continuation"),
        ("FROM a\nRUN b \\ \xa0\r\n c\r\n", 2, 9, "\xa0", "a non-breaking space (U+00A0) after the line continuation"),
        ("FROM a\nRUN b \\\u3000\n c\n", 2, 8, "\u3000", "an ideographic space (U+3000) after the line continuation"),
        ("# escape=`\nFROM a\nRUN b `\u2003\n c\n", 3, 8, "\u2003", "a blank that is not a plain space (U+2003)"),
        ("FROM a\nENV\xa0A=b\n", 2, 4, "\xa0", "'ENV\\xa0A=b' holds a non-breaking space (U+00A0)"),
        ("FROM a\nRUN\xa0b\n", 2, 4, "\xa0", "holds a non-breaking space (U+00A0), which does not separate words"),
        ("FROM a\nCOPY --link\xa0a b\n", 2, 6, "--link\xa0", "unknown flag: --link"),
        # FROM
        ("FROM\n", 1, 1, "FROM", "FROM requires either one or three arguments"),
        ("FROM a b\n", 1, 1, "FROM a b", "FROM requires either one or three arguments"),
        ("FROM a AS\n", 1, 1, "FROM a AS", "FROM requires either one or three arguments"),
        ("FROM a AS b c\n", 1, 1, "FROM a AS b c", "FROM requires either one or three arguments"),
        ("FROM a IS b\n", 1, 1, "FROM a IS b", "FROM requires either one or three arguments"),
        ("FROM a AS 1b\n", 1, 11, "1b", "invalid name for build stage: '1b'"),
        ("FROM a AS b!\n", 1, 11, "b!", "invalid name for build stage: 'b!'"),
        ("FROM --platform a\n", 1, 6, "--platform", "missing a value on flag: --platform"),
        # names and values
        ("FROM a\nENV\n", 2, 1, "ENV", "ENV requires at least one argument"),
        ("FROM a\nENV A\n", 2, 5, "A", "ENV must have two arguments"),
        ("FROM a\nENV A=b C\n", 2, 9, "C", "can't find = in 'C'. Must be of the form: name=value"),
        ("FROM a\nENV A=b \\\n  C D=e\n", 3, 3, "C", "can't find = in 'C'"),
        ("FROM a\nENV =b\n", 2, 5, "=b", "ENV names can not be blank"),
        ("FROM a\nLABEL\n", 2, 1, "LABEL", "LABEL requires at least one argument"),
        ("FROM a\nLABEL a\n", 2, 7, "a", "LABEL must have two arguments"),
        ("FROM a\nLABEL a=b c\n", 2, 11, "c", "can't find = in 'c'"),
        ("FROM a\nARG\n", 2, 1, "ARG", "ARG requires at least one argument"),
        ("FROM a\nARG =b\n", 2, 5, "=b", "ARG names can not be blank"),
        # flags
        ("FROM a\nCOPY --form=x b c\n", 2, 6, "--form=x", "unknown flag: --form"),
        ("FROM a\nCOPY --from=x --from=y b c\n", 2, 15, "--from=y", "duplicate flag specified: --from"),
        (
            "FROM a\nCOPY --link=maybe b c\n",
            2,
            6,
            "--link=maybe",
            "expecting boolean value for flag --link, not: maybe",
        ),
        ("FROM a\nCOPY --link= b c\n", 2, 6, "--link=", "missing a value on flag: --link"),
        ("FROM a\nCOPY --chown b c\n", 2, 6, "--chown", "missing a value on flag: --chown"),
        ("FROM a\nRUN b\nCMD --x b\n", 3, 5, "--x", "unknown flag: --x"),
        ("FROM a\nRUN --network=vpn b\n", 2, 5, "--network=vpn", "invalid network mode 'vpn'"),
        ("FROM a\nRUN --security=x b\n", 2, 5, "--security=x", "security 'x' is not valid"),
        (
            "FROM a\nRUN --mount=type=bind,from=$A,target=/b c\n",
            2,
            5,
            "--mount=type=bind,from=$A,target=/b",
            "'from' doesn't",
        ),
        ("FROM a\nRUN \\\n  --mount='type=cache,\"target=/b' c\n", 3, 3, "--mount='type=cache,\"target=/b'", "csv"),
        # HEALTHCHECK
        ("FROM a\nHEALTHCHECK\n", 2, 1, "HEALTHCHECK", "HEALTHCHECK requires at least one argument"),
        ("FROM a\nHEALTHCHECK NONE x\n", 2, 13, "NONE x", "HEALTHCHECK NONE takes no arguments"),
        ("FROM a\nHEALTHCHECK CMD\n", 2, 13, "CMD", "Missing command after HEALTHCHECK CMD"),
        ("FROM a\nHEALTHCHECK CMD []\n", 2, 13, "CMD []", "Missing command after HEALTHCHECK CMD"),
        ("FROM a\nHEALTHCHECK RUN b\n", 2, 13, "RUN b", 'Unknown type "RUN" in HEALTHCHECK (try CMD)'),
        ("FROM a\nHEALTHCHECK --interval=5 CMD b\n", 2, 13, "--interval=5", "invalid duration '5'"),
        ("FROM a\nHEALTHCHECK --timeout=-5s CMD b\n", 2, 13, "--timeout=-5s", "cannot be less than 1ms"),
        ("FROM a\nHEALTHCHECK --interval=900us CMD b\n", 2, 13, "--interval=900us", "cannot be less than 1ms"),
        (
            "FROM a\nHEALTHCHECK --retries=-1 CMD b\n",
            2,
            13,
            "--retries=-1",
            "must be a whole number that is not negative",
        ),
        (
            "FROM a\nHEALTHCHECK --retries=x CMD b\n",
            2,
            13,
            "--retries=x",
            "must be a whole number that is not negative",
        ),
        ("FROM a\nHEALTHCHECK --every=5s CMD b\n", 2, 13, "--every=5s", "unknown flag: --every"),
        # JSON
        ("FROM a\nSHELL bash -c\n", 2, 7, "bash -c", "SHELL requires the arguments to be in JSON form"),
        ("FROM a\nSHELL\n", 2, 1, "SHELL", "SHELL requires at least one argument"),
        ("FROM a\nSHELL []\n", 2, 7, "[]", "SHELL requires at least one argument"),
        ('FROM a\nCMD ["a", 1]\n', 2, 5, '["a", 1]', "arrays must be comprised of strings only"),
        ('FROM a\nRUN ["<<E", 1]\n', 2, 5, '["<<E", 1]', "arrays must be comprised of strings only"),
        ("FROM a\nVOLUME [1]\n", 2, 8, "[1]", "arrays must be comprised of strings only"),
        ('FROM a\nVOLUME [""]\n', 2, 8, '[""]', "VOLUME specified can not be an empty string"),
        ("FROM a\nVOLUME []\n", 2, 8, "[]", "VOLUME requires at least one argument"),
        # heredocs
        ("FROM a\nRUN <<EOF\nb\n", 2, 5, "<<", "unterminated heredoc"),
        ("FROM a\nRUN <<-EOF\n EOF\n", 2, 5, "<<", "unterminated heredoc"),
        ("FROM a\nCOPY b <<EOF\nc\nEOF\n", 2, 6, "b <<EOF", "COPY cannot accept a heredoc as a destination"),
        # too few arguments
        ("FROM a\nCOPY b\n", 2, 6, "b", "COPY requires at least two arguments, but only one was provided"),
        ("FROM a\nCOPY\n", 2, 1, "COPY", "COPY requires at least two arguments"),
        ('FROM a\nADD ["b"]\n', 2, 5, '["b"]', "ADD requires at least two arguments"),
        ("FROM a\nVOLUME\n", 2, 1, "VOLUME", "VOLUME requires at least one argument"),
        ("FROM a\nEXPOSE\n", 2, 1, "EXPOSE", "EXPOSE requires at least one argument"),
        ("FROM a\nUSER\n", 2, 1, "USER", "USER requires exactly one argument"),
        ("FROM a\nWORKDIR\n", 2, 1, "WORKDIR", "WORKDIR requires exactly one argument"),
        ("FROM a\nSTOPSIGNAL\n", 2, 1, "STOPSIGNAL", "STOPSIGNAL requires exactly one argument"),
        ("FROM a\nMAINTAINER\n", 2, 1, "MAINTAINER", "MAINTAINER requires exactly one argument"),
        # ONBUILD
        ("FROM a\nONBUILD\n", 2, 1, "ONBUILD", "ONBUILD requires at least one argument"),
        ("FROM a\nONBUILD ONBUILD RUN b\n", 2, 9, "ONBUILD", "Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed"),
        ("FROM a\nONBUILD FROM b\n", 2, 9, "FROM", "FROM isn't allowed as an ONBUILD trigger"),
        ("FROM a\nONBUILD MAINTAINER b\n", 2, 9, "MAINTAINER", "MAINTAINER isn't allowed as an ONBUILD trigger"),
        ("FROM a\nONBUILD ENV A\n", 2, 13, "A", "ENV must have two arguments"),
        ("FROM a\nONBUILD CMD [1]\n", 2, 13, "[1]", "arrays must be comprised of strings only"),
    ],
)
def test_what_docker_refuses_is_told_at_its_place(text: str, line: int, column: int, words: str, message: str) -> None:
    first = problems(text)[0]
    assert first[:3] == (line, column, words)
    assert message in first[3]


@pytest.mark.parametrize(
    "text",
    [
        "ARG A\nFROM $A\n",
        "ARG A=b\nARG C=$A\nFROM ${C}\n",
        "FROM a AS B_1.x-y\n",
        "FROM a as b\nFROM b\n",
        "FROM a AS b\nFROM a AS b\n",
        "FROM --platform=$BUILDPLATFORM a\n",
        "FROM a\nENV A= B=\"\" C='d e'\n",
        "FROM a\nENV A b c\n",
        "FROM a\nARG A B=c\n",
        "FROM a\nARG --x A\n",
        "FROM a\nSTOPSIGNAL --x 9\n",
        "FROM a\nRUN --mount=type=cache,target=/a --mount=type=bind,target=/b c\n",
        "FROM a\nRUN --mount=type=secret,id=$A c\n",
        'FROM a\nRUN --mount=type=cache,"target=/b" c\n',
        "FROM a\nRUN --network=host --security=insecure b\n",
        "FROM a\nCOPY --link b c\n",
        "FROM a\nCOPY --link=false --chown=1:1 --chmod=755 b c\n",
        "FROM a\nADD --exclude=a --exclude=b --checksum=x c d\n",
        "FROM a\nCOPY --parents b c\n",
        "FROM a\nHEALTHCHECK NONE\n",
        "FROM a\nHEALTHCHECK none\n",
        "FROM a\nHEALTHCHECK --interval=5s --timeout=1m30s --start-period=0s --retries=3 CMD b\n",
        'FROM a\nHEALTHCHECK CMD ["b"]\n',
        'FROM a\nSHELL ["bash", "-c"]\n',
        "FROM a\nCMD ['b']\n",
        'FROM a\nCMD ["b", c]\n',
        'FROM a\nVOLUME ""\n',
        "FROM a\nEXPOSE 80 $P\n",
        "FROM a\nUSER b c\nWORKDIR /d e\n",
        "FROM a\nONBUILD RUN b\n",
        "FROM a\nONBUILD FOO\n",
        "FROM a\nONBUILD ENV\n",
        "FROM a\nRUN\nCMD\nENTRYPOINT\n",
        "FROM a\nRUN b\xa0c\n",
        "FROM a\nRUN b \\\xa0c \\\n d\n",
        "FROM a\n\xa0RUN b\xa0\n",
        "FROM a\nRUN echo '<<EOF' $((1<<2))\nRUN c\n",
        "FROM a\nRUN <<EOF\nRNU b \\\xa0\nEOF\n",
        "# escape = `\n# syntax = b\nFROM a\n",
        "# a comment\n# escape=x\nFROM a\n",
        "FROM a\nRUN b \\\n# c\n\n",
    ],
)
def test_what_docker_accepts_is_accepted(text: str) -> None:
    assert problems(text) == []


@pytest.mark.parametrize("filling", ["x", "é"])
def test_a_line_may_have_65535_bytes_and_no_more(filling: str) -> None:
    width = len(filling.encode())
    fits = "RUN " + filling * ((65535 - 4) // width)
    assert problems(f"FROM a\n{fits}\n") == []
    found = problems(f"FROM a\n{fits}{filling}\nRUN b\n")
    assert [entry[:3] for entry in found] == [(2, 1, "R")]
    assert "65535 bytes" in found[0][3]


def test_every_problem_is_told_in_the_order_of_the_file() -> None:
    text = "FROM a\nRNU b\nCOPY c\nFROM d e f\nENV G\n"
    assert [entry[0] for entry in problems(text)] == [2, 3, 4, 5]


def test_a_refused_instruction_is_marked_as_such() -> None:
    found = read("Dockerfile", "FROM a\nCOPY b\nRUN c\n").instructions
    assert [instruction.broken for instruction in found] == [False, True, False]


@pytest.mark.parametrize(
    ("text", "keyword", "start", "end", "bodies"),
    [
        pytest.param("FROM a\nRUN << A\nx\nA\n", "RUN", 2, 4, ["x\n"], id="a blank before the name"),
        pytest.param(
            "# check=skip=all\n# escape=`\nFROM a\nRUN b `\n c\n", "RUN", 4, 5, [], id="check= is a directive"
        ),
        pytest.param("FROM a\nONBUILD RUN <<A\nx\nA\n", "RUN", 2, 4, ["x\n"], id="heredoc of ONBUILD"),
        pytest.param("FROM a\nRUN <<-A\n\t\tx\n\t y\n\tA\n", "RUN", 2, 5, ["x\n y\n"], id="tabs are taken away"),
        pytest.param('FROM a\nRUN ["b"] c <<A\nx\nA\n', "RUN", 2, 4, ["x\n"], id="an array with words after it"),
    ],
)
def test_what_newer_versions_of_buildkit_do(text: str, keyword: str, start: int, end: int, bodies: list[str]) -> None:
    last = read("Dockerfile", text).instructions[-1]
    inner = last.trigger or last
    assert (inner.keyword, inner.start_line, inner.end_line) == (keyword, start, end)
    assert inner.json is None
    assert [document.content.text for document in inner.heredocs] == bodies


@pytest.mark.parametrize(
    ("opened", "expands", "chomps"),
    [
        ("<<A", True, False),
        ("<<'A'", False, False),
        ('<<"A"', False, False),
        ("<<-A", True, True),
        ("<<-'A'", False, True),
    ],
)
def test_how_a_heredoc_is_opened_is_known(opened: str, expands: bool, chomps: bool) -> None:
    document = read("Dockerfile", f"FROM a\nRUN {opened}\nx\nA\n").instructions[-1].heredocs[0]
    assert (document.name, document.expands, document.chomps) == ("A", expands, chomps)
    assert (document.whole.location.line, document.whole.text) == (3, "x\nA")


def all_words(found: Dockerfile) -> list[Mapped]:
    """Everything of a file that has a place of its own."""
    words: list[Mapped] = []

    def take(instruction: Instruction) -> None:
        words.extend(flag.word for flag in instruction.flags)
        words.extend(document.body for document in instruction.heredocs)
        if instruction.json is None:
            words.extend(instruction.words())
        if instruction.keyword in ("ENV", "LABEL", "ARG"):
            words.extend(
                part
                for pair in instruction.assignments(found.escape)
                for part in pair
                if part is not None and part.text
            )
        if instruction.trigger is not None:
            take(instruction.trigger)

    for instruction in found.instructions:
        take(instruction)
    return [word for word in words if word.text]


def _check_places(text: str) -> None:
    """Every character of every word is the character at its place."""
    for word in all_words(read("Dockerfile", text)):
        assert [text[word.offset(index)] for index in range(len(word.text))] == list(word.text)
        offsets = [word.offset(index) for index in range(len(word.text))]
        assert offsets == sorted(set(offsets))


@pytest.mark.parametrize("text", TRICKY)
def test_every_word_stands_at_its_place(text: str) -> None:
    _check_places(text)


@settings(max_examples=400, deadline=None)
@given(files())
def test_every_word_of_any_file_stands_at_its_place(text: str) -> None:
    _check_places(text)


@pytest.mark.parametrize(
    ("text", "word", "place"),
    [
        ("FROM a\nCOPY b c\n", "c", (2, 8, 2, 9)),
        ("FROM a\r\nCOPY b \\\r\n  cd\r\n", "cd", (3, 3, 3, 5)),
        ("\ufeffFROM ab\n", "ab", (1, 7, 1, 9)),
        ("FROM a\nCOPY é日 😀c d\n", "😀c", (2, 9, 2, 11)),
        ("FROM a\nCOPY b \\\n# note\n\n\tc\n", "c", (5, 2, 5, 3)),
        ("FROM a\nCOPY b c\\\nd\n", "cd", (2, 8, 3, 2)),
        ("FROM a\nCOPY --from=x \\\n  /b /c\n", "--from=x", (2, 6, 2, 14)),
        ("FROM a\nENV A=b \\\n  C='d e'\n", "'d e'", (3, 5, 3, 10)),
        ("FROM a\nONBUILD \\\n COPY b c\n", "c", (3, 9, 3, 10)),
    ],
)
def test_lines_and_columns_count_characters_from_one(text: str, word: str, place: tuple[int, int, int, int]) -> None:
    found = next(entry for entry in all_words(read("Dockerfile", text)) if entry.text == word)
    where = found.span(0, len(found.text)).location
    assert (where.line, where.column, where.end_line, where.end_column) == place


@pytest.mark.parametrize("text", ['FROM a\nCMD ["b c", "é\\n", ""]\n', 'FROM a\r\nCMD [ "b", \\\r\n "c"]\r\n'])
def test_strings_of_a_json_array_stand_between_their_quotes(text: str) -> None:
    strings = read("Dockerfile", text).instructions[1].json
    assert strings is not None
    for _, place in strings:
        first, last = place.offset(0), place.offset(0) + len(place.text)
        assert (text[first - 1], text[first:last], text[last]) == ('"', place.text, '"')


def _check_canonical(text: str) -> None:
    canonical = canonicalise(Source("Dockerfile", text))
    plain = canonical.text()
    lines = [len(line) for line in text.split("\n")]
    assert plain.count("\n") == len(lines) - (text.endswith("\n") or not text)
    parser = DockerfileParser(fileobj=io.BytesIO(plain.encode("utf-8", "replace")), env_replace=False)
    split = [entry["startline"] + 1 for entry in parser.structure if entry["instruction"] != "COMMENT"]
    assert split == [instruction.start_line for instruction in read("Dockerfile", text).instructions]


@pytest.mark.parametrize("text", TRICKY)
def test_the_canonical_text_is_split_line_by_line_by_dockerfile_parse(text: str) -> None:
    _check_canonical(text)


@settings(max_examples=300, deadline=None)
@given(files())
def test_any_canonical_text_is_split_line_by_line_by_dockerfile_parse(text: str) -> None:
    _check_canonical(text)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=200))
def test_no_text_makes_the_reader_fail(text: str) -> None:
    found = read("Dockerfile", text)
    assert found.problems or found.instructions


def test_bytes_that_are_no_utf_8_do_not_make_the_reader_fail() -> None:
    text = b"FROM a\nRUN echo \xff\xfe\nCOPY \xe9 /b\n".decode("utf-8", "surrogateescape")
    found = read("Dockerfile", text)
    assert [instruction.keyword for instruction in found.instructions] == ["FROM", "RUN", "COPY"]
    assert not found.problems
