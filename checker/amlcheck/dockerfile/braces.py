"""Brace expansion, which bash does before anything else and a POSIX shell does not: `{git,wget}`, `python3.{8..10}`."""

from __future__ import annotations

import re

from amlcheck.dockerfile.text import Piece, Text, hole
from amlcheck.records import dataclass
from amlcheck.regex import regex

MAX_WORDS = 256
"""Words that one word's braces may make."""
MAX_MARKS = 500
"""Braces and commas in a word that are looked at."""

_TOO_MANY = "its braces make too many words to be followed"
_MARKS = regex(r"[{},]")
_SEQUENCE = regex(r"(?:(-?\d+)\.\.(-?\d+)|([A-Za-z])\.\.([A-Za-z]))(?:\.\.(-?\d+))?")


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a shell word."""

    piece: Piece
    splits: bool = False
    """Whether blanks in it end the word: an expansion outside quotes."""
    bare: bool = False
    """Whether it is the script's own text, outside quotes and not escaped: only there braces mean anything."""
    quoted: bool = False
    """Whether it stands in quotes or is escaped: no character of it is part of a pattern."""


class _TooManyError(Exception):
    """Braces that make more words than are followed."""


def expanded(parts: list[Part], bash: bool | None) -> list[list[Part]]:
    """The words that a word's braces make. `bash`: whether bash reads it; with None, a hole stands for the braces."""
    if bash is False or not any(part.bare and "{" in part.piece.value for part in parts):
        return [parts]
    atoms = _atoms(parts)
    if sum(atom.bare and atom.piece.value in "{}," for atom in atoms) > MAX_MARKS:
        return [[Part(hole(_TOO_MANY, parts[0].piece.span).pieces[0])]]
    if bash is None:
        return [_with_holes(atoms, "braces are expanded by bash and not by sh")]
    try:
        return _expanded(atoms)
    except (_TooManyError, RecursionError):
        return [_with_holes(atoms, _TOO_MANY)]


def _atoms(parts: list[Part]) -> list[Part]:
    """The parts, with each character that can mean something to braces a part of its own."""
    atoms: list[Part] = []
    for part in parts:
        if not part.bare or not _MARKS.search(part.piece.value):
            atoms.append(part)
            continue
        text = Text((part.piece,))
        at = 0
        for match in _MARKS.finditer(part.piece.value):
            pieces = (*text.slice(at, match.start()).pieces, *text.slice(*match.span()).pieces)
            atoms.extend(Part(piece, bare=True) for piece in pieces)
            at = match.end()
        atoms.extend(Part(piece, bare=True) for piece in text.slice(at, len(part.piece.value)).pieces)
    return atoms


def _is(atom: Part, mark: str) -> bool:
    return atom.bare and atom.piece.value == mark


def _first(atoms: list[Part], start: int = 0) -> tuple[int, int, list[list[Part]]] | None:
    """The first braces that expand: where they open and close, and what stands between; None where there are none."""
    closing = _closing(atoms)
    for opening in range(start, len(atoms)):
        end = closing.get(opening)
        if end is None:
            continue
        inner = atoms[opening + 1 : end]
        alternatives: list[list[Part]] = [[]]
        depth = 0
        for atom in inner:
            depth += _is(atom, "{") - _is(atom, "}")
            if depth == 0 and _is(atom, ","):
                alternatives.append([])
            else:
                alternatives[-1].append(atom)
        if len(alternatives) == 1:
            sequence = _sequence(inner)
            if sequence is not None:
                alternatives = sequence
            elif any(atom.bare and ".." in atom.piece.value for atom in inner):
                alternatives = [[Part(hole("braces with both dots and more are not followed").pieces[0])]]
            else:
                continue
        return opening, end, alternatives
    return None


def _closing(atoms: list[Part]) -> dict[int, int]:
    """For each brace that is closed, where."""
    found: dict[int, int] = {}
    waiting: list[int] = []
    for index, atom in enumerate(atoms):
        if _is(atom, "{"):
            waiting.append(index)
        elif _is(atom, "}") and waiting:
            found[waiting.pop()] = index
    return found


def _sequence(inner: list[Part]) -> list[list[Part]] | None:
    """`1..5` and `a..e` as their members; None for anything else."""
    if len(inner) != 1 or not inner[0].bare:
        return None
    match = _SEQUENCE.fullmatch(inner[0].piece.value)
    if match is None:
        return None
    numeric = match.group(1) is not None
    low, high = (match.group(1), match.group(2)) if numeric else (match.group(3), match.group(4))
    first, last = (int(low), int(high)) if numeric else (ord(low), ord(high))
    step = max(abs(int(match.group(5) or 1)), 1)
    if abs(last - first) // step >= MAX_WORDS:
        raise _TooManyError
    numbers = range(first, last + 1, step) if first <= last else range(first, last - 1, -step)
    padded = numeric and any(re.match(r"-?0\d", end) for end in (low, high))
    width = max(len(low), len(high)) if padded else 0
    span = inner[0].piece.span
    return [[Part(Piece(f"{number:0{width}d}" if numeric else chr(number), span))] for number in numbers]


def _expanded(atoms: list[Part]) -> list[list[Part]]:
    found = _first(atoms)
    if found is None:
        return [atoms]
    opening, end, alternatives = found
    before = atoms[:opening]
    after = _expanded(atoms[end + 1 :])
    words: list[list[Part]] = []
    for alternative in alternatives:
        for middle in _expanded(alternative):
            words.extend([*before, *middle, *rest] for rest in after)
            if len(words) > MAX_WORDS:
                raise _TooManyError
    return words


def _with_holes(atoms: list[Part], reason: str) -> list[Part]:
    """The word with a hole for each pair of braces that bash expands."""
    out: list[Part] = []
    at = 0
    while (found := _safe_first(atoms, at)) is not None:
        opening, end = found
        out.extend(atoms[at:opening])
        first, last = atoms[opening].piece.span, atoms[end].piece.span
        span = first.cover(last) if first is not None and last is not None else first
        out.append(Part(hole(reason, span).pieces[0]))
        at = end + 1
    return [*out, *atoms[at:]]


def _safe_first(atoms: list[Part], start: int) -> tuple[int, int] | None:
    try:
        found = _first(atoms, start)
    except _TooManyError:
        closing = _closing(atoms)
        opening = next(index for index in range(start, len(atoms)) if index in closing)
        return opening, closing[opening]
    return found[:2] if found is not None else None
