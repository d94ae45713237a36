"""What Docker refuses in a single instruction, as BuildKit's frontend/dockerfile/instructions does (read 2026-11-21)."""

from __future__ import annotations

import re
from collections.abc import Callable

from amlcheck.dockerfile.canonical import Problem
from amlcheck.dockerfile.expand import is_heredoc
from amlcheck.dockerfile.reader import Instruction
from amlcheck.dockerfile.source import Span
from amlcheck.dockerfile.words import GO_BLANKS
from amlcheck.nearest import nearest
from amlcheck.regex import regex

_BOOL, _STRING, _STRINGS = "bool", "string", "strings"
_FLAGS: dict[str, dict[str, str]] = {
    "ADD": {
        "chown": _STRING,
        "chmod": _STRING,
        "link": _BOOL,
        "keep-git-dir": _BOOL,
        "checksum": _STRING,
        "unpack": _BOOL,
        "exclude": _STRINGS,
    },
    "COPY": {
        "chown": _STRING,
        "from": _STRING,
        "chmod": _STRING,
        "link": _BOOL,
        "exclude": _STRINGS,
        "parents": _BOOL,
    },
    "FROM": {"platform": _STRING},
    "RUN": {"mount": _STRINGS, "network": _STRING, "security": _STRING, "device": _STRINGS},
    "HEALTHCHECK": {
        "interval": _STRING,
        "timeout": _STRING,
        "start-period": _STRING,
        "start-interval": _STRING,
        "retries": _STRING,
    },
}
_UNCHECKED_FLAGS = frozenset({"ARG", "STOPSIGNAL"})
"""Instructions whose flags BuildKit never looks at."""
_STAGE_NAME = regex(r"[a-z][a-z0-9\-_.]*")
_CSV = regex(r'(?:"(?:[^"]|"")*"|[^",]*)(?:,(?:"(?:[^"]|"")*"|[^",]*))*')
_DURATION = regex(r"[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+|[+-]?0")
_MILLISECONDS = {"ns": 1e-6, "us": 1e-3, "µs": 1e-3, "μs": 1e-3, "ms": 1.0, "s": 1e3, "m": 6e4, "h": 3.6e6}


def check(instruction: Instruction, escape: str) -> list[Problem]:
    """The reasons, if any, why Docker refuses this instruction: at most the first one, as Docker tells it."""
    keyword = instruction.keyword
    rule = _RULES.get(keyword)
    if rule is None:
        return [_unknown(instruction)]
    message = rule(instruction, escape)
    if message is None and keyword not in _UNCHECKED_FLAGS:
        found = _flags(instruction)
        if found is not None:
            return [found]
    if message is None and instruction.trigger is not None:
        message = _without_value(instruction.trigger, escape)
    if message is None:
        return []
    text, fix = message
    return [Problem(_place(instruction, escape), text, fix)]


def _place(instruction: Instruction, escape: str) -> Span:
    """The word that is wrong, where it is a single one; else all arguments."""
    trigger = instruction.trigger
    if trigger is not None:
        return _place(trigger, escape) if trigger.keyword in ("ENV", "LABEL") else trigger.keyword_span
    words = instruction.words() if instruction.args.text else []
    if instruction.keyword == "FROM":
        return (
            words[2].span(0, len(words[2].text))
            if len(words) == 3 and words[1].text.lower() == "as"
            else instruction.span
        )
    if instruction.keyword in ("ENV", "LABEL"):
        wrong = [name for name, value in instruction.assignments(escape) if value is None or not name.text]
        if wrong and wrong[0].text:
            return wrong[0].span(0, len(wrong[0].text))
    return instruction.args.span(0, len(instruction.args.text)) if instruction.args.text else instruction.span


def _unknown(instruction: Instruction) -> Problem:
    """An unknown instruction is mostly the rest of a broken RUN: say so where a Unicode blank did it."""
    span = instruction.keyword_span
    word = span.text
    blanks = [char for char in word if char in GO_BLANKS]
    if blanks:
        at = span.start + word.index(blanks[0])
        return Problem(
            Span(span.source, at, at + 1),
            f"unknown instruction: {word!r} holds {_blank_name(blanks[0])}, which does not separate words",
            "replace it with a plain space",
        )
    trap = _blank_after_escape(span)
    if trap is not None:
        return Problem(
            trap,
            f"{_blank_name(trap.text)} after the line continuation: the line is not continued, and Docker refuses what follows",
            "remove the character",
        )
    near = nearest(instruction.keyword, _RULES)
    fix = f"did you mean {near}?" if near else "is the line before it missing its continuation (\\)?"
    return Problem(span, f"unknown instruction: {word[:60]}", fix)


def _blank_name(char: str) -> str:
    names = {"\xa0": "a non-breaking space (U+00A0)", "\u3000": "an ideographic space (U+3000)"}
    return names.get(char, f"a blank that is not a plain space (U+{ord(char):04X})")


def _blank_after_escape(span: Span) -> Span | None:
    """The Unicode blank that kept the line before from being continued."""
    text = span.source.text
    start = text.rfind("\n", 0, span.start)
    line = text[text.rfind("\n", 0, max(start, 0)) + 1 : max(start, 0)].rstrip("\r\n")
    trimmed = line.rstrip(GO_BLANKS)
    odd = [index for index in range(len(trimmed), len(line)) if line[index] not in " \t"]
    if not trimmed.endswith(("\\", "`")) or not odd:
        return None
    at = text.rfind("\n", 0, max(start, 0)) + 1 + odd[0]
    return Span(span.source, at, at + 1)


def _flags(instruction: Instruction) -> Problem | None:
    known = _FLAGS.get(instruction.keyword, {})
    used: set[str] = set()
    if instruction.keyword == "HEALTHCHECK" and instruction.args.text.split()[:1] in (["NONE"], ["none"]):
        return None
    for flag in instruction.flags:
        span = flag.word.span(0, len(flag.word.text))
        kind = known.get(flag.name)
        if kind is None:
            near = nearest(flag.name, known)
            return Problem(
                span,
                f"unknown flag: --{flag.name}",
                f"did you mean --{near}?" if near else f"{instruction.keyword} has no such flag",
            )
        if flag.name in used and kind != _STRINGS:
            return Problem(span, f"duplicate flag specified: --{flag.name}", "keep one of them")
        used.add(flag.name)
        message = _flag_value(instruction, flag.name, kind, flag.value)
        if message:
            return Problem(span, message, "see the Dockerfile reference for the flag's values")
    return None


def _flag_value(instruction: Instruction, name: str, kind: str, value: str | None) -> str | None:
    if kind == _BOOL:
        if value == "":
            return f"missing a value on flag: --{name}"
        if value is not None and value.lower() not in ("true", "false"):
            return f"expecting boolean value for flag --{name}, not: {value}"
        return None
    if value is None:
        return f"missing a value on flag: --{name}"
    if name == "network" and value not in ("default", "none", "host"):
        return f"invalid network mode {value!r}"
    if name == "security" and value not in ("sandbox", "insecure"):
        return f"security {value!r} is not valid"
    if name == "mount":
        return _mount(value)
    if name == "retries" and value and not re.fullmatch(r"[+]?\d{1,9}", value):
        return f"--retries must be a whole number that is not negative, not {value!r}"
    if instruction.keyword == "HEALTHCHECK" and name != "retries" and value and not _DURATION.fullmatch(value):
        return f"time: invalid duration {value!r}"
    if instruction.keyword == "HEALTHCHECK" and name != "retries" and _too_short(value):
        return f'Interval "{name}" cannot be less than 1ms'
    return None


def _too_short(duration: str) -> bool:
    """Less than a millisecond, and not zero (which means the default)."""
    parts = re.findall(r"([\d.]+)([a-zµμ]+)", duration)
    total = sum(float(number) * _MILLISECONDS[unit] for number, unit in parts)
    return total > 0 and (total < 1 or duration.startswith("-"))


def _mount(value: str) -> str | None:
    if not value or not _CSV.fullmatch(value):
        return f"failed to parse csv mounts: {value!r}"
    import csv  # few files have a mount

    for field in next(csv.reader([value])):
        key, equals, target = field.partition("=")
        at = target.find("$")
        if equals and key.lower() == "from" and at >= 0 and at != len(target) - 1:
            return "'from' doesn't support variable expansion, define alias stage instead"
    return None


Complaint = tuple[str, str] | None


def _from(instruction: Instruction, escape: str) -> Complaint:
    words = [word.text for word in instruction.words()]
    if len(words) == 3 and words[1].lower() == "as":
        if not _STAGE_NAME.fullmatch(words[2].lower()):
            return (
                f"invalid name for build stage: {words[2]!r}",
                "start it with a letter; letters, digits, '-', '_' and '.' may follow",
            )
        return None
    if len(words) != 1:
        return "FROM requires either one or three arguments", "FROM image, or FROM image AS name"
    return None


def _assignments(instruction: Instruction, escape: str) -> Complaint:
    keyword = instruction.keyword
    pairs = instruction.assignments(escape)
    if not pairs:
        return f"{keyword} requires at least one argument", "give it name=value"
    if any(not name.text for name, value in pairs if value is not None):
        return f"{keyword} names can not be blank", "give the value a name"
    return _without_value(instruction, escape)


def _without_value(instruction: Instruction, escape: str) -> Complaint:
    """What BuildKit's parser itself refuses of ENV and LABEL, so that even ONBUILD cannot defer it."""
    keyword = instruction.keyword
    pairs = instruction.assignments(escape) if keyword in ("ENV", "LABEL") else []
    for name, value in pairs:
        if value is None and len(pairs) == 1 and "=" not in instruction.args.text:
            return f"{keyword} must have two arguments", "give it name=value"
        if value is None:
            return f"can't find = in {name.text!r}. Must be of the form: name=value", "quote values that hold blanks"
    return None


def _arg(instruction: Instruction, escape: str) -> Complaint:
    pairs = instruction.assignments(escape)
    if not pairs:
        return "ARG requires at least one argument", "give it name or name=default"
    if any(value is not None and not name.text for name, value in pairs):
        return "ARG names can not be blank", "give the value a name"
    return None


def _copy(instruction: Instruction, escape: str) -> Complaint:
    words = [word.text for word in instruction.words()]
    if len(words) < 2:
        return (
            f"{instruction.keyword} requires at least two arguments, but only one was provided. "
            "Destination could not be determined",
            "name a source and a destination",
        )
    if "<<" in words[-1] and is_heredoc(words[-1]):
        return f"{instruction.keyword} cannot accept a heredoc as a destination", "name the file to write"
    return None


def _one(instruction: Instruction, escape: str) -> Complaint:
    if not instruction.args.text:
        return f"{instruction.keyword} requires exactly one argument", "give it one"
    return None


def _some(instruction: Instruction, escape: str) -> Complaint:
    if not instruction.words() or not instruction.args.text:
        return f"{instruction.keyword} requires at least one argument", "give it one"
    if instruction.keyword == "VOLUME" and any(not text.strip() for text in _volume_words(instruction)):
        return "VOLUME specified can not be an empty string", "name a directory"
    return None


def _volume_words(instruction: Instruction) -> list[str]:
    if instruction.json is not None:
        return [text for text, _ in instruction.json]
    return [word.text for word in instruction.words()]


def _shell(instruction: Instruction, escape: str) -> Complaint:
    if not instruction.args.text or instruction.json == ():
        return "SHELL requires at least one argument", 'write it as SHELL ["/bin/bash", "-c"]'
    if instruction.json is None:
        return "SHELL requires the arguments to be in JSON form", 'write it as SHELL ["/bin/bash", "-c"]'
    return None


def _healthcheck(instruction: Instruction, escape: str) -> Complaint:
    words = instruction.args.text.split(None, 1)
    if not words:
        return "HEALTHCHECK requires at least one argument", "HEALTHCHECK CMD command, or HEALTHCHECK NONE"
    kind = words[0].upper()
    if kind == "NONE":
        return ("HEALTHCHECK NONE takes no arguments", "remove what follows it") if len(words) > 1 else None
    if kind != "CMD":
        return f'Unknown type "{kind}" in HEALTHCHECK (try CMD)', "HEALTHCHECK CMD command, or HEALTHCHECK NONE"
    if len(words) < 2 or instruction.json == ():
        return "Missing command after HEALTHCHECK CMD", "name the command"
    return None


def _onbuild(instruction: Instruction, escape: str) -> Complaint:
    trigger = instruction.trigger
    if trigger is None:
        return "ONBUILD requires at least one argument", "name the instruction to defer"
    if trigger.keyword == "ONBUILD":
        return "Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed", "remove one of the two"
    if trigger.keyword in ("FROM", "MAINTAINER"):
        return f"{trigger.keyword} isn't allowed as an ONBUILD trigger", "remove it"
    return None


def _nothing(instruction: Instruction, escape: str) -> Complaint:
    return None


_RULES: dict[str, Callable[[Instruction, str], Complaint]] = {
    "ADD": _copy,
    "ARG": _arg,
    "CMD": _nothing,
    "COPY": _copy,
    "ENTRYPOINT": _nothing,
    "ENV": _assignments,
    "EXPOSE": _some,
    "FROM": _from,
    "HEALTHCHECK": _healthcheck,
    "LABEL": _assignments,
    "MAINTAINER": _one,
    "ONBUILD": _onbuild,
    "RUN": _nothing,
    "SHELL": _shell,
    "STOPSIGNAL": _one,
    "USER": _one,
    "VOLUME": _some,
    "WORKDIR": _one,
}
KEYWORDS = frozenset(_RULES)
"""Every instruction that Docker knows."""
