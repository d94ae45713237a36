"""Takes secrets out of what a container says, before anything else reads it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from amlcheck.regex import regex

HIDDEN = "***"
MIN_SECRET = 4
"""Characters of a value that is hidden wherever it stands; shorter ones would hide half of the log."""
SECRET_NAME = regex(
    r"pass(?:word|wd|phrase)?$|secret|token|api_?key|access_?key|account_?key|private_?key|credential|"
    r"connection_?string|instrumentation_?key|(?:^|_)(?:key|pwd|sas|sig)$|_key$",
    re.IGNORECASE,
)
"""Names of variables whose values are secrets."""
_NAMED = regex(
    r"""(?P<name>\b[\w.-]{0,40}(?:password|passwd|passphrase|pwd|secret|token|api[_-]?key|access[_-]?key|account[_-]?key|
        private[_-]?key|sharedaccesssignature|sharedaccesskey|instrumentationkey|client[_-]?secret)[\w.-]{0,40}["']?\s{0,3}[=:]\s{0,3})
        (?P<quote>["']?)(?P<value>[^\s"',;&}{)(\]\[]{3,500})""",
    re.IGNORECASE | re.VERBOSE,
)
_HEADER = regex(
    r"(?P<name>\bauthorization\b[\"']?\s{0,3}[=:]\s{0,3}[\"']?(?:[\w-]{1,20}\s+)?)(?P<value>[\w.~+/=-]{6,})",
    re.IGNORECASE,
)
_WHOLE = (
    regex(r"(?P<name>\b(?:Bearer|Basic)\s+)(?P<value>[\w.~+/=-]{16,})"),
    regex(r"(?P<name>\b[a-z][a-z0-9+.-]{1,20}://[^\s/:@]{0,100}:)(?P<value>[^\s/@]{1,200})(?=@)", re.IGNORECASE),
    regex(r"(?P<name>[?&;](?:sig|se?cret|token|key|code|st|sv)=)(?P<value>[^\s&\"'<>]{6,})", re.IGNORECASE),
    regex(r"(?P<name>)(?P<value>\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{5,})"),
    regex(r"(?P<name>)(?P<value>\b(?:AKIA|ASIA)[A-Z0-9]{16}\b)"),
    regex(r"(?P<name>)(?P<value>\bgh[pousr]_[A-Za-z0-9]{30,})"),
)
_PEM = regex(r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----.*?(?:-----END [A-Z ]{0,30}PRIVATE KEY-----|\Z)", re.DOTALL)


class Redaction:
    """Hides secrets by their shape, by their name, and the values of variables whose names say secret."""

    def __init__(self, environment: Mapping[str, str] | None = None, more: tuple[str, ...] = ()) -> None:
        """`environment` is what the container gets, `more` are values that are secret whatever they are called."""
        named = [value for name, value in (environment or {}).items() if SECRET_NAME.search(name)]
        values = {value for value in (*named, *more) if len(value) >= MIN_SECRET}
        self._values = sorted(values, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        for value in self._values:
            text = text.replace(value, HIDDEN)
        text = _PEM.sub(HIDDEN, text)
        for pattern in _WHOLE:
            text = pattern.sub(lambda match: f"{match['name']}{HIDDEN}", text)
        text = _HEADER.sub(lambda match: f"{match['name']}{HIDDEN}", text)
        return _NAMED.sub(lambda match: f"{match['name']}{match['quote']}{HIDDEN}", text)
