"""Mutants of real Dockerfiles. The same corpus, seed and number always make the same one, on any machine.

A mutant is a stretch of a file (after a FROM, so that it builds something) to which one to six mutators were applied. They know
what a Dockerfile is made of: continuations, directives, heredocs, quotes, odd blanks, line ends, words of other files.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

MAX_FILE = 1 << 16
"""Bytes of a corpus file that is taken; what is larger is data."""
MAX_LENGTH = 1400
"""Characters of the stretch that is mutated: small mutants are read faster, and crash as well as large ones."""

_KEYWORDS = (
    "FROM", "RUN", "COPY", "ADD", "ENV", "LABEL", "ARG", "CMD", "ENTRYPOINT", "EXPOSE", "VOLUME", "USER", "WORKDIR", "SHELL",
    "STOPSIGNAL", "MAINTAINER", "ONBUILD", "HEALTHCHECK", "run", "Env",
)  # fmt: skip
_CONTINUATIONS = (
    "\\\n",
    "\\ \n",
    "\\\t\n",
    "\\\r\n",
    "\\\xa0\n",
    "\\\\\n",
    "\\\n\n",
    "\\\n# c\n",
    "\\\n  # c \\\n",
    "`\n",
    "`\r\n",
)
_DIRECTIVES = (
    "# escape=`\n", "#escape=\\\n", "# escape = ` \n", "# syntax=docker/dockerfile:1\n", "#check=skip=all\n", "# escape=x\n",
    "\ufeff# escape=`\r\n", "# syntax=a\n# escape=`\n", "# c\n# escape=`\n", "\n# escape=`\n",
)  # fmt: skip
_HEREDOCS = (
    "<<EOF", "<<-EOF", '<<"EOF"', "<<'E F'", "<<E\\F", "3<<A", "<<A <<B", "<<<A", "<<", "<<-", "$((1<<2))", "\nEOF\n",
    "\n\tEOF\n", "\nEOF", "\nA\n", "\nB\n", "RUN <<EOF\nx\nEOF\n", "COPY <<A <<-B /c/\nx\nA\n\ty\n\tB\n",
    "ONBUILD RUN <<A\nx\nA\n",
)  # fmt: skip
_QUOTES = ("'", '"', "\\'", '\\"', "`", "\\", "\\\\", "''", '""', "$'", "'\\''")
_BLANKS = (
    "\xa0",
    "\u2003",
    "\u3000",
    "\x85",
    "\u2028",
    "\ufeff",
    "\u200b",
    "\v",
    "\f",
    "\x1c",
    "\x1f",
    "\t",
    "  ",
    "\u1680",
)
_LINE_ENDS = ("\n", "\r\n", "\r", "\n\n", "\n \n", "\n\r\n", "\r\r\n")
_EXPANSIONS = (
    "$", "${", "}", "${A:-", "${A:+b}", "$A", "${A#*/}", "${A%%.*}", "${A/x/y}", "${A:?m}", "$(", ")", "$((", "))",
    "`", "$$", "$1", "${!A}", "${A^^}", "${#A}", "${A[@]}", "~", "*", "?", "[a-z]", "{a,b}", "{1..3}", "{", ",", "..",
)  # fmt: skip
_SHELL = (
    " && ", " || ", " ; ", " | ", " & ", " > /f ", " >> /f ", " 2>&1 ", "if true; then ", "; fi", "for i in a b; do ",
    "; done", "case $A in ", ";; esac", "{ ", "; }", "( ", " )", "f() { ", "set -e; ", "exit 1; ", "cd /x; ", "! ",
    "export A=b; ", "[ -f /x ]", "[[ $A = b ]]", "while true; do ", "eval ", "sh -c '", "source ", ". ", "return ",
    "function f ", "#", "<(", ";;&", "!#", "coproc ", "select x in ",
)  # fmt: skip
_WORDS = (
    "apt-get update && apt-get install -y ", "pip install ", "conda install -y ", "-r requirements.txt",
    "conda env update -f ", "python3.8", "openmpi",
    "wget https://repo.anaconda.com/miniconda/Miniconda3-py38_4.10.3-Linux-x86_64.sh -O /m.sh",
    "bash /m.sh -b -p /opt/c", "ln -s ", "cp -r ", "mv ", "tar xzf ", "azureml-defaults", "==1.2.*", ">=3,<4",
    "git+https://h/x@v", "useradd ", "rm -rf / ", "update-alternatives ", "--from=0 ", "--from=x ", "--platform=$A ",
    "--mount=type=bind,from=a,target=/b ", "--chown=a:b ", "--link ", "--", "--x='y ", "AS x", '["a", "b"]', "[",
    '["', '"]', "[1]", "[]", "null", "scratch", "ubuntu:20.04", "@sha256:" + "a" * 64,
    "mcr.microsoft.com/azureml/base:latest", "LD_LIBRARY_PATH", "PATH=", "=", "==", "a=b c", "DEBIAN_FRONTEND", "/",
    "//", "..", "../../", "nginx", "gunicorn", "runsv", "/var/azureml-server",
)  # fmt: skip
_PIECES: tuple[tuple[str, ...], ...] = (
    tuple(f"{word} " for word in _KEYWORDS), _CONTINUATIONS, _DIRECTIVES, _HEREDOCS, _QUOTES,
    _BLANKS, _LINE_ENDS, _EXPANSIONS, _SHELL, _WORDS,
)  # fmt: skip
_TOKEN = re.compile(r"[^\s]+")
_FROM = re.compile(r"^[ \t]*FROM[ \t].*\n", re.MULTILINE | re.IGNORECASE)


@dataclass(frozen=True)
class Corpus:
    """The files that mutants are made of."""

    texts: tuple[str, ...]

    @classmethod
    def of(cls, folder: Path) -> Corpus:
        """All Dockerfiles below a folder: each text once, in an order that depends on nothing but the texts."""
        found: set[bytes] = set()
        for path in folder.rglob("*"):
            if path.is_file() and path.stat().st_size <= MAX_FILE:
                found.add(path.read_bytes())
        texts = []
        for content in sorted(found):
            text = content.decode("utf-8", "replace")
            if _FROM.search(text) and "\0" not in text:
                texts.append(text)
        return cls(tuple(texts))

    def mutant(self, seed: int, number: int) -> bytes:
        """The mutant of this number."""
        return _Maker(self, random.Random(seed * 1_000_000_007 + number)).make()


class _Maker:
    """Makes one mutant."""

    def __init__(self, corpus: Corpus, dice: random.Random) -> None:
        self.corpus = corpus
        self.dice = dice

    def make(self) -> bytes:
        text = self.stretch()
        for _ in range(self.dice.choice((1, 1, 2, 2, 3, 4, 6))):
            text = self.dice.choice(_MUTATORS)(self, text)
        content = text.encode("utf-8", "surrogatepass")
        if self.dice.random() < 0.04 and content:
            content = self.flipped(content)
        return content

    def stretch(self) -> str:
        """A small file as it is; of a large one some lines in a row, after its first FROM."""
        text = self.dice.choice(self.corpus.texts)
        if len(text) <= MAX_LENGTH:
            return text
        first = _FROM.search(text)
        start = text.find("\n", self.dice.randrange(len(text))) + 1
        end = text.rfind("\n", start, start + MAX_LENGTH) + 1
        stretch = text[start : end if end > start else start + MAX_LENGTH]
        head = "# escape=`\n" if text.startswith(("# escape=`", "#escape=`")) else ""
        return head + (first.group().lstrip("\ufeff") if first else "") + stretch

    def place(self, text: str) -> int:
        """Somewhere, or where something starts or ends."""
        at = self.dice.randrange(len(text) + 1)
        kind = self.dice.random()
        if kind < 0.3:
            return at
        if kind < 0.5:
            return text.find("\n", at) + 1 or len(text)
        if kind < 0.7:
            end = text.find("\n", at)
            return end if end >= 0 else len(text)
        blank = text.find(" ", at)
        return blank + self.dice.randrange(2) if blank >= 0 else at

    def inserted(self, text: str) -> str:
        at = self.place(text)
        return text[:at] + self.dice.choice(self.dice.choice(_PIECES)) + text[at:]

    def cut(self, text: str) -> str:
        at = self.place(text)
        return text[:at] + text[at + self.dice.randint(1, 30) :]

    def ended(self, text: str) -> str:
        return text[: self.place(text)]

    def replaced(self, text: str) -> str:
        at = self.dice.randrange(len(text) + 1)
        char = chr(
            self.dice.choice((self.dice.randrange(32), self.dice.randrange(32, 127), self.dice.randrange(128, 0x3000)))
        )
        return text[:at] + char + text[at + 1 :]

    def line_doubled(self, text: str) -> str:
        lines = text.split("\n")
        lines.insert(self.dice.randrange(len(lines) + 1), self.dice.choice(lines))
        return "\n".join(lines)

    def line_dropped(self, text: str) -> str:
        lines = text.split("\n")
        del lines[self.dice.randrange(len(lines))]
        return "\n".join(lines)

    def lines_swapped(self, text: str) -> str:
        lines = text.split("\n")
        a, b = self.dice.randrange(len(lines)), self.dice.randrange(len(lines))
        lines[a], lines[b] = lines[b], lines[a]
        return "\n".join(lines)

    def lines_joined(self, text: str) -> str:
        ends = [match.start() for match in re.finditer("\n", text)]
        if not ends:
            return text
        at = self.dice.choice(ends)
        return text[:at] + self.dice.choice(("", " ", " \\\n ", " && ")) + text[at + 1 :]

    def lines_brought(self, text: str) -> str:
        """Lines of another file."""
        others = self.dice.choice(self.corpus.texts).split("\n")
        at = self.dice.randrange(len(others))
        lines = text.split("\n")
        place = self.dice.randrange(len(lines) + 1)
        lines[place:place] = [line[:400] for line in others[at : at + self.dice.randint(1, 6)]]
        return "\n".join(lines)

    def token_brought(self, text: str) -> str:
        """A word of another file in the place of one of this."""
        mine = list(_TOKEN.finditer(text))
        other = self.dice.choice(self.corpus.texts)
        theirs = _TOKEN.search(other, self.dice.randrange(len(other)))
        if not mine or theirs is None:
            return text
        match = self.dice.choice(mine)
        return text[: match.start()] + theirs.group()[:400] + text[match.end() :]

    def tokens_swapped(self, text: str) -> str:
        mine = list(_TOKEN.finditer(text))
        if len(mine) < 2:
            return text
        first, second = sorted(self.dice.sample(mine, 2), key=lambda match: match.start())
        between = text[first.end() : second.start()]
        return text[: first.start()] + second.group() + between + first.group() + text[second.end() :]

    def line_ends(self, text: str) -> str:
        if self.dice.random() < 0.5:
            return text.replace("\r\n", "\n").replace("\n", "\r\n")
        return text.replace("\r\n", "\n")

    def directive(self, text: str) -> str:
        return self.dice.choice(_DIRECTIVES) + text

    def other_escape(self, text: str) -> str:
        """The other escape character, throughout."""
        if text.startswith("# escape=`"):
            return text.replace("`", "\\")
        return "# escape=`\n" + text.replace("\\\n", "`\n")

    def flipped(self, content: bytes) -> bytes:
        """A byte flipped: the text may be no UTF-8 any more."""
        changed = bytearray(content)
        for _ in range(self.dice.randint(1, 3)):
            changed[self.dice.randrange(len(changed))] ^= 1 << self.dice.randrange(8)
        return bytes(changed)


_MUTATORS: tuple[Callable[[_Maker, str], str], ...] = (
    *[_Maker.inserted] * 8,
    *[_Maker.cut] * 2,
    _Maker.ended,
    _Maker.replaced,
    _Maker.line_doubled,
    _Maker.line_dropped,
    _Maker.lines_swapped,
    _Maker.lines_joined,
    *[_Maker.lines_brought] * 2,
    *[_Maker.token_brought] * 2,
    _Maker.tokens_swapped,
    _Maker.line_ends,
    _Maker.directive,
    _Maker.other_escape,
)
