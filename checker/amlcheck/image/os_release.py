"""The files in which a distribution tells its name and release, with the quoting rules of os-release(5)."""

from __future__ import annotations

import shlex
from collections.abc import Mapping

PATHS = ("/etc/os-release", "/usr/lib/os-release")
"""The first that is there counts; the first is usually a link to the second."""
LSB = "/etc/lsb-release"
MAX_BYTES = 64 << 10


def parse_settings(text: str) -> Mapping[str, str]:
    """Assignments as a shell reads them, one a line; the last of a name counts. Lines that are none are passed over."""
    found = {}
    for line in text.splitlines():
        name, equals, value = line.strip().partition("=")
        if not equals or not name.isidentifier() or not name.isascii():
            continue
        try:
            words = shlex.split(value, comments=True)
        except ValueError:  # a quote that is never closed
            continue
        if len(words) <= 1:
            found[name] = words[0] if words else ""
    return found


def line_of(text: str, name: str) -> str:
    """The line that sets a name, for evidence: the last one, as it counts."""
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip().startswith(f"{name}=")), "")
