"""Writes HTML in which nothing from outside can be more than text.

Every string is escaped unless it is `Markup`, and only this module and the page's own style and script make that.
What a reader cannot see, or what turns text around, is written out: an escape as ⟨U+001B⟩, a byte that is no UTF-8 as
⟨0xE9⟩. Attributes that could run something or load something cannot be written at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from html import escape

from amlcheck.regex import regex

_UNSEEN = regex(
    "[\x00-\x08\x0b-\x1f\x7f-\xa0\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff"
    "\ufeff\ufff9-\ufffb\ufffe\uffff\U000e0000-\U000e0fff]"
)
_ATTRIBUTE = regex(r"[a-z][a-z0-9-]*|viewBox|preserveAspectRatio")
_TARGET = regex(r"#[A-Za-z0-9_.-]+|https://[^\s]+")
_VOID = frozenset({"meta", "link", "input", "br"})
_BYTES = range(0xDC80, 0xDD00)
"""What `surrogateescape` makes of bytes that are no UTF-8."""
Child = str | None
"""A `Markup` as it is, any other string as text, None as nothing."""
Attribute = str | int | bool | None


class Markup(str):
    """HTML that is ready. Whatever a method of `str` makes of it is text again."""

    __slots__ = ()


NOTHING = Markup("")


def visible(text: str) -> str:
    """Text in which what cannot be seen stands as what it is; tabs and newlines stay."""
    return _UNSEEN.sub(_written_out, text)


def _written_out(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"⟨0x{code - 0xDC00:02X}⟩" if code in _BYTES else f"⟨U+{code:04X}⟩"


def text(value: str) -> Markup:
    """Text as HTML."""
    return value if isinstance(value, Markup) else Markup(escape(visible(value)))


def join(parts: Iterable[Child], between: str = "") -> Markup:
    """Pieces one after the other."""
    return Markup(text(between).join(text(part) for part in parts if part is not None))


def tag(name: str, /, *children: Child, **attributes: Attribute) -> Markup:
    """One element. `class_` and `for_` lose their underscore, others become hyphens; None and False leave one out."""
    parts = ["<", name]
    for key, value in attributes.items():
        if value is None or value is False:
            continue
        written = _attribute(key)
        if written == "href" and not _TARGET.fullmatch(str(value)):
            raise ValueError(f"the link {str(value)[:80]!r} is not for reports")
        parts.append(f" {written}" if value is True else f' {written}="{escape(visible(str(value)))}"')
    parts.append(">")
    if name not in _VOID:
        parts += [child if type(child) is Markup else text(child) for child in children if child is not None]
        parts.append(f"</{name}>")
    return Markup("".join(parts))


@lru_cache
def _attribute(key: str) -> str:
    """The name of an attribute. Raises ValueError for a handler, a style of its own, and what loads something."""
    name = key.rstrip("_").replace("_", "-")
    if not _ATTRIBUTE.fullmatch(name) or name.startswith("on") or name in ("style", "src", "srcdoc", "action"):
        raise ValueError(f"the attribute {name} is not for reports")
    return name


def with_code(value: str) -> Markup:
    """Text whose `words between backticks` are code, as messages and fixes have them."""
    pieces = value.split("`")
    if len(pieces) % 2 == 0:
        return text(value)
    return join(tag("code", piece) if index % 2 else piece for index, piece in enumerate(pieces))


def short(value: str, most: int) -> str:
    """Text of a file or image may have any length."""
    return value if len(value) <= most else f"{value[:most]}… ({len(value) - most} more characters)"
