"""What was probably meant by a word that is not known."""

from __future__ import annotations

from collections.abc import Iterable


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that is most like this one; None where none is."""
    from difflib import get_close_matches  # slow to import, and seldom needed

    near = get_close_matches(word, list(known), n=1)
    return near[0] if near else None
