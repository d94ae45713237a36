"""Foreign text in Markdown, as GitHub, GitLab and Azure DevOps render it: it stays text, links nowhere and calls nobody.

What Markdown or HTML would act on is written as character references. These sites also look for `@name`, `#1`, `!1`, `~label`
and URLs in the rendered text; there, a space of no width comes after the sign. Code needs none: they do not look into it.
A text is always one line, and never at the beginning of one, where GitLab looks for `/commands`.
"""

from __future__ import annotations

from urllib.parse import quote

from amlcheck.regex import regex
from amlcheck.report.harmless import one_line

_MARKUP = regex(r"[\\`*_\[\]<|~$&@]|:(?=//)|(?<=\bwww)\.")
_SIGNS = regex(r"([@#!~%&\[^*$])(?=\w)|(://)|(\bwww\.)|(\bGH-)(?=\d)")
_GAP = "\u200b"


def text(words: str) -> str:
    """Words as running text."""
    return _referenced(_SIGNS.sub(lambda found: found.group() + _GAP, one_line(words)))


def code(words: str) -> str:
    """Words as code; empty for none."""
    shown = one_line(words)
    return f"<code>{_referenced(shown)}</code>" if shown else ""


def link(shown: str, url: str) -> str:
    """What is Markdown already, as a link to an address of ours."""
    return f"[{shown}]({quote(url, safe=':/#%?=&-._~')})"


def _referenced(words: str) -> str:
    return _MARKUP.sub(lambda found: f"&#{ord(found.group())};", words).replace(_GAP, "&#8203;")
