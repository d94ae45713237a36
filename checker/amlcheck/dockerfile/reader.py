"""Dockerfile text to instructions, exactly as BuildKit reads them. The only importer of dockerfile_parse.

dockerfile-parse splits the canonical text (see `canonical`) into instructions; this module gives each its words, with
the place of every one in the original file. What dockerfile-parse cannot know (flags, JSON forms, heredocs, ONBUILD's
inner instruction, escape-aware words) is read here.
"""

from __future__ import annotations

import io
from collections.abc import Iterator

from dockerfile_parse import DockerfileParser

from amlcheck.dockerfile.canonical import Heredoc, Problem, canonicalise, joined
from amlcheck.dockerfile.source import Mapped, Source, Span
from amlcheck.dockerfile.words import (
    NotStringsError,
    blank_separated,
    flag_value,
    json_array,
    name_value,
    name_values,
    quoted_words,
    split_command,
)
from amlcheck.records import dataclass, field

_MAYBE_JSON = frozenset({"RUN", "CMD", "ENTRYPOINT", "SHELL", "HEALTHCHECK"})
_JSON_OR_WORDS = frozenset({"COPY", "ADD", "VOLUME"})


@dataclass(frozen=True, slots=True)
class Flag:
    """`--name=value`; the value is None where there is no equals sign."""

    name: str
    value: str | None
    word: Mapped
    """The flag as it stands in the file, for expansion and for pointing at it."""

    @property
    def value_word(self) -> Mapped:
        return self.word.slice(self.word.text.find("=") + 1)


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction."""

    keyword: str
    """In capitals."""
    keyword_span: Span
    start_line: int
    end_line: int
    flags: tuple[Flag, ...]
    args: Mapped
    """All after the flags, continuation lines joined."""
    json: tuple[tuple[str, Mapped], ...] | None = None
    """The strings of the JSON form and their places; None for the other form."""
    heredocs: tuple[Heredoc, ...] = ()
    trigger: Instruction | None = None
    """What ONBUILD defers."""
    broken: bool = False
    """Docker refuses it: what it would do is not known."""

    def words(self) -> list[Mapped]:
        """Blank-separated words, or those of the JSON form."""
        return [place for _, place in self.json] if self.json is not None else blank_separated(self.args)

    def assignments(self, escape: str) -> list[tuple[Mapped, Mapped | None]]:
        """The pairs of ENV, LABEL and ARG; ARG's may lack a value."""
        if self.keyword == "ARG":
            return [name_value(word) for word in quoted_words(self.args, escape)]
        return name_values(self.args, escape)

    def flag(self, name: str) -> Flag | None:
        return next((flag for flag in self.flags if flag.name == name), None)

    @property
    def span(self) -> Span:
        """From the keyword to the last of its own words."""
        return self.keyword_span.cover(self.args.span(0, len(self.args.text))) if self.args.text else self.keyword_span


@dataclass(frozen=True)
class Dockerfile:
    """A file, read."""

    source: Source
    instructions: tuple[Instruction, ...]
    problems: tuple[Problem, ...]
    """What Docker would refuse, in the order of the file."""
    escape: str = "\\"
    directives: dict[str, Span] = field(default_factory=dict)


def read(path: str, text: str) -> Dockerfile:
    """Reads a Dockerfile. Never raises for its content: what is wrong becomes a problem at its place."""
    from amlcheck.dockerfile.grammar import check

    source = Source(path, text)
    canonical = canonicalise(source)
    problems = list(canonical.problems)
    instructions: list[Instruction] = []
    blocks = list(_split(canonical.text()))
    for index, (first, last) in enumerate(blocks):
        own = joined(canonical, first, last)
        if canonical.ends_open and index == len(blocks) - 1:
            last = len(canonical.lines) - 1
        heredocs = tuple(canonical.heredocs.get(first, ()))
        end = max([last, *(source.position(max(doc.whole.end, 0))[0] - 1 for doc in heredocs)])
        instruction, faults = _instruction(own, canonical.escape, first + 1, end + 1, heredocs)
        faults = faults or check(instruction, canonical.escape)
        problems.extend(faults)
        instructions.append(_marked_broken(instruction) if faults else instruction)
    problems.extend(_order(source, instructions))
    problems.sort(key=lambda problem: problem.span.start)
    return Dockerfile(source, tuple(instructions), tuple(problems), canonical.escape, canonical.directives)


def _split(canonical: str) -> Iterator[tuple[int, int]]:
    """First and last line, from 0, of each instruction of a canonical text."""
    parser = DockerfileParser(fileobj=io.BytesIO(canonical.encode("utf-8", "replace")), env_replace=False)
    for entry in parser.structure:
        if not entry["content"].startswith("#"):
            yield entry["startline"], entry["endline"]


def _instruction(
    own: Mapped,
    escape: str,
    start_line: int,
    end_line: int,
    heredocs: tuple[Heredoc, ...],
    *,
    deferred: bool = False,
) -> tuple[Instruction, list[Problem]]:
    """An instruction. `deferred`: it is what an ONBUILD defers; there Docker refuses another ONBUILD."""
    keyword, flag_words, args = split_command(own, escape)
    name = keyword.text.upper()
    span = keyword.span(0, len(keyword.text))
    problems: list[Problem] = []
    json = None
    trigger = None
    try:
        if name in _JSON_OR_WORDS or (name in _MAYBE_JSON and args.text):
            strings = json_array(_after_type(args) if name == "HEALTHCHECK" else args)
            json = tuple(strings) if strings is not None else None
    except NotStringsError as error:
        problems.append(Problem(args.span(0, len(args.text)), str(error), "quote every element"))
    if name == "ONBUILD" and args.text and not deferred:
        trigger, problems = _instruction(args, escape, start_line, end_line, heredocs, deferred=True)
        heredocs = ()
    flags = tuple(_flag(word, escape) for word in flag_words)
    return Instruction(name, span, start_line, end_line, flags, args, json, heredocs, trigger), problems


def _after_type(args: Mapped) -> Mapped:
    """HEALTHCHECK's arguments after its CMD or NONE."""
    words = blank_separated(args)
    return (
        args.slice(args.text.index(words[1].text, len(words[0].text))) if len(words) > 1 else args.slice(len(args.text))
    )


def _flag(word: Mapped, escape: str) -> Flag:
    name, equals, value = flag_value(word, escape).partition("=")
    return Flag(name[2:], value if equals else None, word)


def _marked_broken(instruction: Instruction) -> Instruction:
    return Instruction(
        instruction.keyword,
        instruction.keyword_span,
        instruction.start_line,
        instruction.end_line,
        instruction.flags,
        instruction.args,
        instruction.json,
        instruction.heredocs,
        instruction.trigger,
        broken=True,
    )


def _order(source: Source, instructions: list[Instruction]) -> Iterator[Problem]:
    """What Docker refuses in the file as a whole."""
    if not instructions:
        at = source.span(0, 0)
        yield Problem(at, "the file has no instructions", "start with FROM and a base image")
        return
    for instruction in instructions:
        if instruction.keyword == "FROM":
            return
        if instruction.keyword != "ARG" and not instruction.broken:
            yield Problem(
                instruction.keyword_span,
                f"{instruction.keyword} stands before the first FROM: there is no build stage yet",
                "only ARG may precede FROM",
            )
            return
    yield Problem(instructions[-1].span, "the file has no FROM instruction", "start with FROM and a base image")
