"""Words of an instruction: flags, blank-separated words, name=value words and JSON arrays, each with its place.

The quirks are BuildKit's (frontend/dockerfile/parser, split_command.go and line_parsers.go, read 2026-11-21).
"""

from __future__ import annotations

import json

from amlcheck.dockerfile.source import Mapped
from amlcheck.regex import regex

_COMMAND_BLANKS = regex(r"[\t\v\f\r ]+")
_ASCII_BLANKS = "\t\n\v\f\r "
_JSON_STRING = regex(r'"(?:[^"\\]|\\.)*"')
GO_BLANKS = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007"
    "\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)
"""What Go's unicode.IsSpace holds: BuildKit trims these. (Python's str.isspace differs.)"""
_OUTSIDE = regex(rf"[^'\"\\`{GO_BLANKS}]+")
_IN_QUOTES = regex(r"[^'\"\\`]+")
"""Characters that mean nothing of their own to words, outside of quotes and within; escapes are a backslash or a backtick."""


class NotStringsError(ValueError):
    """A JSON array of something else than strings: Docker refuses it."""


def trim(text: Mapped) -> Mapped:
    """Without the blanks that Go trims, at both ends."""
    start, end = 0, len(text.text)
    while start < end and text.text[start] in GO_BLANKS:
        start += 1
    while end > start and text.text[end - 1] in GO_BLANKS:
        end -= 1
    return text.slice(start, end)


def split_command(line: Mapped, escape: str) -> tuple[Mapped, list[Mapped], Mapped]:
    """An instruction's text as keyword, flags and arguments."""
    text = trim(line)
    match = _COMMAND_BLANKS.search(text.text)
    if match is None:
        return text, [], text.slice(len(text.text))
    keyword = text.slice(0, match.start())
    flags, rest = _flags(text.slice(match.end()), escape)
    return keyword, flags, trim(rest)


def _flags(text: Mapped, escape: str) -> tuple[list[Mapped], Mapped]:
    """The leading `--flag` words and what follows them; a lone `--` ends them.

    BuildKit goes by bytes here: only ASCII blanks may stand before a flag, and a character such as U+00A0 whose UTF-8
    has a byte that is a blank in Latin-1 becomes the flag's last one.
    """
    flags: list[Mapped] = []
    chars = text.text
    at = 0
    while True:
        while at < len(chars) and chars[at] in _ASCII_BLANKS:
            at += 1
        if not chars.startswith("--", at):
            return flags, text.slice(at)
        start, quote = at, ""
        while at < len(chars) and (quote or chars[at] not in _ASCII_BLANKS):
            char = chars[at]
            if quote:
                quote = "" if char == quote else quote
            elif char in "'\"":
                quote = char
            if char == escape and not (quote and char == quote):
                at += 1
            at += 1
            if not quote and _ends_flag(chars[at - 1 : at]):
                break
        at = min(at, len(chars))
        if chars[start:at] == "--":
            return flags, text.slice(at)
        flags.append(text.slice(start, at))


def _ends_flag(char: str) -> bool:
    return not char.isascii() and any(byte in b"\x85\xa0" for byte in char.encode("utf-8", "replace"))


def flag_value(flag: Mapped, escape: str) -> str:
    """A flag as BuildKit stores it: without quotes and escapes."""
    out: list[str] = []
    quote = ""
    chars = iter(flag.text)
    for char in chars:
        if quote and char == quote:
            quote = ""
        elif not quote and char in "'\"":
            quote = char
        elif char == escape:
            out.append(next(chars, ""))
        else:
            out.append(char)
    return "".join(out)


def blank_separated(text: Mapped) -> list[Mapped]:
    """Words as FROM, EXPOSE, COPY and VOLUME have them; quotes mean nothing."""
    words = []
    at = 0
    if not text.text:
        return []
    for match in _COMMAND_BLANKS.finditer(text.text):
        words.append(text.slice(at, match.start()))
        at = match.end()
    words.append(text.slice(at))
    return words


def quoted_words(text: Mapped, escape: str) -> list[Mapped]:
    """Words as ENV, LABEL and ARG have them: quotes group and stay in the word."""
    words: list[Mapped] = []
    chars = text.text
    at = 0
    while at < len(chars):
        if chars[at] in GO_BLANKS:
            at += 1
            continue
        start, quote = at, ""
        while at < len(chars):
            ordinary = (_IN_QUOTES if quote else _OUTSIDE).match(chars, at)
            if ordinary is not None:
                at = ordinary.end()
                continue
            char = chars[at]
            if not quote and char in GO_BLANKS:
                break
            if char == escape and quote != "'":
                at += 2
                continue
            if quote:
                quote = "" if char == quote else quote
            elif char in "'\"":
                quote = char
            at += 1
        at = min(at, len(chars))
        end = at
        if end == len(chars) and quote != "'" and _ends_in_lone_escape(chars[start:end], escape):
            end -= 1
        if end > start:
            words.append(text.slice(start, end))
    return words


def _ends_in_lone_escape(word: str, escape: str) -> bool:
    count = len(word) - len(word.rstrip(escape))
    return count % 2 == 1


def name_values(text: Mapped, escape: str) -> list[tuple[Mapped, Mapped | None]]:
    """ENV's and LABEL's pairs, in the new form (a=b c=d) or the old one (a everything else).

    A pair without a value is a mistake that Docker refuses.
    """
    words = quoted_words(text, escape)
    if not words:
        return []
    if "=" not in words[0].text:
        match = _COMMAND_BLANKS.search(text.text)
        if match is None:
            return [(text, None)]
        return [(text.slice(0, match.start()), text.slice(match.end()))]
    return [name_value(word) for word in words]


def name_value(word: Mapped) -> tuple[Mapped, Mapped | None]:
    """A word cut at its first equals sign; None where it has none."""
    at = word.text.find("=")
    return (word, None) if at < 0 else (word.slice(0, at), word.slice(at + 1))


def json_array(text: Mapped) -> list[tuple[str, Mapped]] | None:
    """The strings of a JSON array, each with its place (between the quotes); None where the text is none.

    Raises NotStringsError for an array that holds something else.
    """
    start = len(text.text) - len(text.text.lstrip(GO_BLANKS))
    if not text.text.startswith("[", start):
        return None
    try:
        values = json.loads(text.text[start:], parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return None
    if not all(isinstance(value, str) for value in values):
        raise NotStringsError("when using JSON array syntax, arrays must be comprised of strings only")
    places = [match.span() for match in _JSON_STRING.finditer(text.text, start)]
    return [(value, text.slice(low + 1, high - 1)) for value, (low, high) in zip(values, places, strict=True)]


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
