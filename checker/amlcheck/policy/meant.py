"""What a comment that cannot be read should be: what of it is understood, in the right form."""

from __future__ import annotations

import re
from datetime import date

from amlcheck.regex import regex

_ID = regex(r"\bAML\d{3}\b", re.IGNORECASE)
_NAMES = regex(r"[A-Za-z-]+\s*[=:]\s*([A-Za-z][\w-]*(?:\s*[,;|]\s*[A-Za-z][\w-]*)*)(?=\s|$)")
_REASON = regex(r"""\b(?:reason|because|why)\s*[=:]?\s*(?:["“”']([^"“”]*?)(?:["“”']|$)|([^\s"“”']+))""", re.IGNORECASE)
_UNTIL = regex(r"\buntil\s*[=:]?\s*[\"'“”]?(\S+?)[\"'“”]?(?=\s|$)", re.IGNORECASE)
_ISO = regex(r"(\d{4})-?(\d\d)-?(\d\d)")
MAX_NAMES = 5
"""Rules that are repeated; of a reason MAX_REASON characters."""
MAX_REASON = 80


def meant(rest: str, whole_file: bool | None = None) -> str:
    """The comment that was probably meant by what follows `amlcheck:`; with a word in capitals where something is missing.

    `whole_file`: whether `ignore-file=` is right in its place; None leaves it as it was written.
    """
    verb = re.match(r"\s*[A-Za-z-]*", rest)
    file = whole_file if whole_file is not None else "file" in (verb.group().lower() if verb else "")
    reason = _REASON.search(rest)
    told = ((reason[1] or reason[2] or "") if reason is not None else "").strip()
    told = re.sub(r"[\\\x00-\x1f\"]", "", told)[:MAX_REASON] or "WHY"
    until = _UNTIL.search(rest)
    day = f" until={_day(until[1])}" if until is not None else ""
    before = rest[: reason.start()] if reason is not None else rest
    return f'# amlcheck: {"ignore-file" if file else "ignore"}={_names(before)} reason="{told}"{day}'


def _names(text: str) -> str:
    found = [name.upper() for name in _ID.findall(text)]
    if not found:
        named = _NAMES.match(text.strip())
        found = [name.strip() for name in re.split("[,;|]", named[1])] if named is not None else ["RULE"]
    return ",".join(list(dict.fromkeys(found))[:MAX_NAMES])


def _day(text: str) -> str:
    """The day where it is plain which one is meant."""
    match = _ISO.fullmatch(text)
    try:
        return date(*map(int, match.groups())).isoformat() if match is not None else "YYYY-MM-DD"
    except ValueError:
        return "YYYY-MM-DD"
