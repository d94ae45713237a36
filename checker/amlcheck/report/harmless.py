"""What makes text from a hostile file or image harmless wherever a report is shown: a terminal, XML, or the log of a CI.

A CI acts on what a program prints: GitHub on a line that begins with `::` and on `##[` anywhere in a line, Azure
Pipelines on `##vso[` anywhere in a line, TeamCity on `##teamcity[`. Both agents compare as .NET does by default, which
overlooks characters of no width, so these are overlooked here too. JSON, XML and Markdown can write the decisive
character in another way and lose nothing; plain text cannot, and gets another character in its place.
"""

from __future__ import annotations

import os
import re
import stat
import sys
from collections.abc import Callable, Mapping

from amlcheck.regex import regex

_CONTROL = regex(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_NOT_XML = regex(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")
_UNSEEN = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f"
    "\ufeff\uffa0\ufff0-\uffff\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
"""Characters that a comparison may overlook (Unicode's default ignorable ones), and what stands for a control character."""
_BRACKET = regex(rf"(#[{_UNSEEN}]*#[\w{_UNSEEN}]*)\[")
_COLONS = regex(rf"^((?:[^\S\n]|[{_UNSEEN}]|\x1b\[[\d;]*m)*:(?:[{_UNSEEN}]|\x1b\[[\d;]*m)*):", re.MULTILINE)
_OWN = regex(r"(<script\b.*?</script>|<style\b.*?</style>)", re.DOTALL)
_CI = ("GITHUB_ACTIONS", "TF_BUILD", "TEAMCITY_VERSION")
_BLANK = regex(r"\s+")


def is_log() -> bool:
    """Whether standard output is the log of a CI that acts on it: in one, and not led into a file."""
    if not any(os.environ.get(name) for name in _CI) or sys.stdout is None:
        return False
    try:
        return not stat.S_ISREG(os.fstat(sys.stdout.fileno()).st_mode)
    except (OSError, ValueError):
        return True


def plain(text: str) -> str:
    """Text without what a terminal would act on; its line breaks stay."""
    if text.isprintable():  # nearly all is; nothing in _CONTROL is
        return text
    return _CONTROL.sub("\ufffd", text.replace("\t", "    "))


def lines(text: str) -> str:
    """Text without what a terminal would act on; its line breaks are all of one kind."""
    return plain(text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def one_line(text: str) -> str:
    """Text of one line without what a terminal would act on."""
    return plain(_BLANK.sub(" ", text)).strip()


def xml(text: str) -> str:
    """Text that XML 1.0 can hold: it forbids most control characters, however they are written."""
    return _NOT_XML.sub("\ufffd", text.replace("\t", "    "))


def in_command(text: str) -> str:
    """Text within the line of a command to one CI, of which nothing is a command to another."""
    return _BRACKET.sub(r"\1(", text)


def in_text(text: str) -> str:
    """Lines that no CI takes for a command; as wide as before."""
    return _COLONS.sub(r"\1 ", in_command(text))


def in_json(text: str) -> str:
    """JSON that says the same, and that no CI takes for a command. Its strings stand in quotes: no line begins with one."""
    return _BRACKET.sub(r"\1\\u005b", text)


def in_markup(text: str) -> str:
    """XML, HTML text or Markdown outside of code that says the same, and that no CI takes for a command."""
    return _COLONS.sub(r"\1&#58;", _BRACKET.sub(r"\1&#91;", text))


def in_html(text: str) -> str:
    """The same for a page of ours: what runs and what styles it is ours too, and stays as it is, to the byte."""
    return "".join(part if part.startswith(("<script", "<style")) else in_markup(part) for part in _OWN.split(text))


def as_it_is(text: str) -> str:
    """For formats that are commands to a CI: they see to it themselves."""
    return text


IN_LOG: Mapping[str, Callable[[str], str]] = {
    "text": in_text,
    "json": in_json,
    "markup": in_markup,
    "html": in_html,
    "commands": as_it_is,
}
"""By the language of a format, how a whole report is made fit for the log of a CI."""
