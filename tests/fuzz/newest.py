"""BuildKit as it is today, asked through a program that whoever fuzzes has built, and whether the reader agrees with it.

The program gets a path a line and answers each with a line of JSON: what `parser.Parse` and `instructions.Parse` of BuildKit's
frontend/dockerfile make of the file. {"ok", "stage", "error", "instructions": [{"cmd", "start", "end", "flags", "args", "json",
"heredocs": [{"name", "content", "expand", "chomp"}]}]}, where "stage" is null for a file that is taken, "parser" for one that
`parser.Parse` refuses, and anything else for what comes after it.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from amlcheck.dockerfile.reader import Dockerfile, Flag, Instruction

_OWN_FORM = frozenset({"ONBUILD", "HEALTHCHECK"})
"""Their arguments are compared by the older parser's form: see buildkit_parser.py."""
_AS_WORDS = frozenset({"FROM", "EXPOSE", "COPY", "ADD", "VOLUME"})


class Newest:
    """The program, running."""

    def __init__(self, program: str, folder: Path) -> None:
        """`folder`: where the file that it reads is put, best in memory."""
        self._path = folder / "Dockerfile"
        self._process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, content: bytes) -> dict[str, Any]:
        """What it says of a file."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._path.write_bytes(content)
        self._process.stdin.write(f"{self._path}\n".encode())
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def close(self) -> None:
        """Ends it."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(10)


def difference(found: Dockerfile, said: dict[str, Any]) -> list[Any] | None:
    """Where the reader and BuildKit differ, as its kind and both sides; None where they agree."""
    if said["stage"] == "panic":
        return ["a panic of BuildKit", [], said["error"]]
    if said["ok"] is bool(found.problems):
        problems = [(problem.span.location.line, problem.message) for problem in found.problems][:2]
        return ["refused by the reader only" if said["ok"] else "refused by BuildKit only", problems, said["error"]]
    if said["stage"] == "parser":
        return None
    theirs = [(item["cmd"].upper(), item["start"], item["end"]) for item in said["instructions"]]
    mine = [(item.keyword, item.start_line, item.end_line) for item in found.instructions]
    if mine != theirs:
        pairs = [pair for pair in zip(mine, theirs, strict=False) if pair[0] != pair[1]]
        return ["lines", *(pairs[0] if pairs else (len(mine), len(theirs)))]
    for instruction, item in zip(found.instructions, said["instructions"], strict=True):
        if instruction.broken:
            continue
        ours_, theirs_ = _words(instruction, found.escape), _their_words(instruction, item)
        if ours_ != theirs_:
            return ["words", ours_, theirs_]
    return None


def _words(instruction: Instruction, escape: str) -> list[Any]:
    """An instruction in BuildKit's form. ONBUILD has the heredocs of what it defers, and none of its flags."""
    flags = [_flag(flag) for flag in instruction.flags]
    heredocs = [
        [item.name, item.body.text, item.expands, item.chomps] for item in (instruction.trigger or instruction).heredocs
    ]
    return [flags, heredocs, instruction.json is not None, _arguments(instruction, escape)]


def _flag(flag: Flag) -> str:
    """BuildKit takes each byte of a flag for a character; the last one may be such a half."""
    text = f"--{flag.name}" + (f"={flag.value}" if flag.value is not None else "")
    return text.encode().decode("latin-1").rstrip("\x85\xa0")


def _their_words(instruction: Instruction, item: dict[str, Any]) -> list[Any]:
    arguments: list[str] | None = list(item["args"] or ())
    if instruction.keyword in ("ENV", "LABEL"):
        arguments = [word for index, word in enumerate(item["args"]) if index % 3 != 2]
    elif instruction.keyword in _OWN_FORM:
        arguments = None
    heredocs = [[doc["name"], doc["content"], doc["expand"], doc["chomp"]] for doc in item["heredocs"] or ()]
    is_json = bool(item["json"]) if instruction.keyword not in _OWN_FORM else instruction.json is not None
    return [list(item["flags"] or ()), heredocs, is_json, arguments]


def _arguments(instruction: Instruction, escape: str) -> list[str] | None:
    keyword = instruction.keyword
    if keyword in _OWN_FORM:
        return None
    if keyword in ("ENV", "LABEL"):
        return [part.text if part is not None else "" for pair in instruction.assignments(escape) for part in pair]
    if keyword == "ARG":
        pairs = instruction.assignments(escape)
        return [name.text + (f"={value.text}" if value is not None else "") for name, value in pairs]
    if instruction.json is not None:
        return [text for text, _ in instruction.json]
    if keyword in _AS_WORDS:
        return [word.text for word in instruction.words()]
    return [instruction.args.text] if instruction.args.text else []
