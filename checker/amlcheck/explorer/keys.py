"""From the bytes of a keyboard to the names of keys: "up", "pagedown", "enter", "esc", "ctrl-u", or the character itself.

Unknown escape sequences are swallowed whole, so that none of their characters is taken for a key.
"""

from __future__ import annotations

import re
from codecs import getincrementaldecoder

from amlcheck.regex import regex

_NAMED = {
    "A": "up",
    "B": "down",
    "C": "right",
    "D": "left",
    "H": "home",
    "F": "end",
    "Z": "backtab",
    "1~": "home",
    "3~": "delete",
    "4~": "end",
    "5~": "pageup",
    "6~": "pagedown",
    "7~": "home",
    "8~": "end",
}
_SINGLE = {"\r": "enter", "\n": "enter", "\t": "tab", "\x7f": "backspace", "\x08": "backspace", "\x1b": "esc"}
_SEQUENCE = regex(r"\x1b\x1b?(?:\[([0-?]*)[ -/]*([@-~])|O([ -~])|([^\[O\x1b]))")
_BEGUN = regex(r"\x1b\x1b?(?:\[[0-?]*[ -/]*|O)?")
MAX_SEQUENCE = 64
"""Characters of a sequence that does not end; what is longer is no key and dropped."""


class Keys:
    """Reads keys of a stream of bytes that may be cut anywhere."""

    def __init__(self) -> None:
        self._decode = getincrementaldecoder("utf-8")("replace").decode
        self._rest = ""

    @property
    def waiting(self) -> bool:
        """Whether an escape was read that may be a key of its own or the beginning of another."""
        return bool(self._rest)

    def feed(self, content: bytes) -> list[str]:
        """The keys that are complete now."""
        text = self._rest + self._decode(content)
        self._rest = ""
        found: list[str] = []
        place = 0
        while place < len(text):
            if text[place] != "\x1b":
                found += _single(text[place])
                place += 1
                continue
            sequence = _SEQUENCE.match(text, place)
            if sequence is not None:
                found += _sequence(sequence)
                place = sequence.end()
                continue
            begun = _BEGUN.match(text, place)
            assert begun is not None
            if begun.end() == len(text):
                self._rest = text[place:] if len(text) - place <= MAX_SEQUENCE else ""
                break
            place = max(begun.end(), place + 1)  # a sequence that is broken off
        return found

    def flush(self) -> list[str]:
        """Nothing followed the escape: it was the key."""
        was, self._rest = self._rest, ""
        return ["esc"] if was in ("\x1b", "\x1b\x1b") else []


def _single(character: str) -> list[str]:
    if character in _SINGLE:
        return [_SINGLE[character]]
    if character < " ":
        return [f"ctrl-{chr(ord(character) + 96)}"] if "\x01" <= character <= "\x1a" else []
    return [character] if character.isprintable() else []


def _sequence(found: re.Match[str]) -> list[str]:
    parameters, final, application, with_escape = found.groups()
    if application is not None:
        name = _NAMED.get(application, "enter" if application == "M" else "")
    elif final is not None:
        first = parameters.partition(";")[0]
        name = _NAMED.get(f"{first}~" if final == "~" else final, "")
    else:
        assert with_escape is not None
        return ["esc", *_single(with_escape)]
    return [name] if name else []
