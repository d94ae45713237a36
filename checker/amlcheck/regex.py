"""Regular expressions that are compiled when they are first used.

A check of one Dockerfile uses about a third of the 200 expressions that its modules define, and compiling them all took
25 of its 200 ms (docs/performance.md).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from re import compile as regex
else:

    class _Pattern:
        """A `re.Pattern` to be; each of its methods is looked up once."""

        def __init__(self, pattern: str | bytes, flags: int) -> None:
            self.pattern = pattern
            self._flags = flags

        def __getattr__(self, name: str) -> Any:
            value = getattr(re.compile(self.pattern, self._flags), name)
            self.__dict__[name] = value
            return value

    def regex(pattern: str | bytes, flags: int = 0) -> _Pattern:
        """As `re.compile`."""
        return _Pattern(pattern, flags)


__all__ = ["regex"]
