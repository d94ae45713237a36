"""What was probably meant by a word that is not known."""

from __future__ import annotations

import re
from collections.abc import Iterable

from amlcheck.regex import regex

_ID = regex(r"([A-Z]{0,5})[-_ .]?([0-9OIL]{1,4})")
_DIGITS = str.maketrans("OIL", "011")


def nearest(word: str, known: Iterable[str], likeness: float = 0.6) -> str | None:
    """The known word that is most like this one; None where none is at least so alike (1.0 is the same)."""
    from difflib import get_close_matches  # slow to import, and seldom needed

    near = get_close_matches(word, list(known), n=1, cutoff=likeness)
    return near[0] if near else None


def nearest_rule(name: str, ids: Iterable[str], names: Iterable[str]) -> str | None:
    """The rule that was probably meant by an ID ("AML-103", "AML1003", "AM103") or a name ("pyhton"); None where none is near.

    One number is not near another only because both begin alike: AML999 is no rule, and stands for none.
    """
    as_id = _ID.fullmatch(name.strip().upper())
    if as_id is not None:
        known = set(ids)
        letters, digits = as_id[1], as_id[2].translate(_DIGITS)
        if letters not in ("", "AML") and nearest(letters, ["AML"], 0.5) is None:
            return None
        swaps = (f"{digits[:at]}{digits[at + 1]}{digits[at]}{digits[at + 2 :]}" for at in range(len(digits) - 1))
        shorter = (digits[:at] + digits[at + 1 :] for at in range(len(digits))) if len(digits) > 3 else ()
        near = dict.fromkeys(f"AML{number}" for number in (digits, *swaps, *shorter) if f"AML{number}" in known)
        return next(iter(near)) if len(near) == 1 or f"AML{digits}" in known else None
    return None if re.fullmatch(r"\s*aml.?", name, re.IGNORECASE) else nearest(name.lower(), names, 0.75)
