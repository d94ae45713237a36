"""What was probably meant by a word that is not known."""

from __future__ import annotations

from collections.abc import Iterable


def nearest(word: str, known: Iterable[str], likeness: float = 0.6) -> str | None:
    """The known word that is most like this one; None where none is at least so alike (1.0 is the same)."""
    from difflib import get_close_matches  # slow to import, and seldom needed

    near = get_close_matches(word, list(known), n=1, cutoff=likeness)
    return near[0] if near else None
