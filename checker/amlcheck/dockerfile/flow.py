"""Where a script stands while it is followed: its variables, and whether it has left what encloses it, certainly or perhaps.

`exit`, `return`, `break` and `continue` leave; a subshell, a function or a loop ends what they leave. What follows an
exit that may have happened runs only perhaps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from amlcheck.dockerfile.source import Span
from amlcheck.dockerfile.text import Text, hole
from amlcheck.records import dataclass

Variables = dict[str, Text]


@dataclass(frozen=True, slots=True)
class Exit:
    """A way out of a script, a function or a loop."""

    kind: str
    levels: int = 1
    """How many loops `break` and `continue` leave."""
    fails: bool = False
    """It makes the build fail: a build that succeeds has not taken it."""


class Flow:
    """The state between two statements."""

    def __init__(self, variables: Variables) -> None:
        self.variables = variables
        self.left: Exit | None = None
        """The exit that was certainly taken: what follows is not reached."""
        self.unsettled = ""
        """Why variables that are not seen to be set may be: a file was sourced that is not known."""
        self._maybe: dict[Exit, Variables] = {}
        """Exits that may have been taken, and what the variables held there."""

    @property
    def certain(self) -> bool:
        """Whether this point is reached whenever the script's start is."""
        return self.left is None and not self._maybe

    def alternatives(self, span: Span, ways: Sequence[Callable[[], object]], complete: bool = False) -> None:
        """Follows ways of which one is taken (or none, unless they are complete), each from the same state.

        What differs in the end is a hole; a way that leaves takes no part in that.
        """
        before = dict(self.variables)
        ends = [] if complete else [before]
        outs: list[Exit] = []
        for way in ways:
            self._restore(before)
            self.left = None
            way()
            if self.left is None:
                ends.append(dict(self.variables))
                continue
            outs.append(self.left)
            self._note(span)
        self.left = None
        if ends:
            self._restore(ends[0])
            for end in ends[1:]:
                self.merge(end, span)
        elif outs:
            self.left = next((out for out in outs if not out.fails), outs[0])
            self._restore(self._maybe.pop(self.left, before))

    def _note(self, span: Span) -> None:
        """Remembers the exit that was taken as one that may have been."""
        out = self.left
        if out is None or out.fails:
            return
        known = self._maybe.get(out)
        self._maybe[out] = dict(self.variables) if known is None else _merged(known, self.variables, span)

    def catch(self, kind: str, span: Span) -> bool:
        """The end of what `kind` leaves; returns whether it was certainly left by it. Outer loops are one level nearer."""
        caught: Variables | None = None
        for out in [out for out in self._maybe if out.kind == kind and out.levels == 1]:
            caught = self._maybe.pop(out)
        here = self.left is not None and self.left.kind == kind and self.left.levels == 1
        if caught is not None and self.left is not None and not here:
            self._note(span)
            self._restore(caught)
            self.left = None
        elif caught is not None:
            self.merge(caught, span)
        if here:
            self.left = None
        return here

    def end_loop(self, span: Span) -> None:
        """The end of a loop: `break` has done its work, and what leaves several loops has one less to leave."""
        self.catch("break", span)
        self._maybe = {_nearer(out): held for out, held in self._maybe.items()}
        if self.left is not None:
            self.left = _nearer(self.left)

    def end_function(self, span: Span) -> None:
        """The end of a function: what leaves the caller's loop from here does so in some shells only."""
        self.catch("return", span)
        if self.left is not None and self.left.kind in ("break", "continue"):
            self._note(span)
            self.left = None

    @contextmanager
    def apart(self) -> Iterator[None]:
        """A process of its own: neither its variables nor its exits reach what follows."""
        before, maybe, unsettled = dict(self.variables), dict(self._maybe), self.unsettled
        try:
            yield
        finally:
            self._restore(before)
            self._maybe, self.unsettled, self.left = maybe, unsettled, None

    def merge(self, other: Variables, span: Span) -> None:
        """The variables here or those: what differs is a hole."""
        self._restore(_merged(self.variables, other, span))

    def _restore(self, variables: Variables) -> None:
        if variables is not self.variables:
            held = dict(variables)
            self.variables.clear()
            self.variables.update(held)


def _nearer(out: Exit) -> Exit:
    return Exit(out.kind, out.levels - 1, out.fails) if out.levels > 1 else out


def _merged(first: Variables, second: Variables, span: Span) -> Variables:
    merged = dict(first)
    for name in first.keys() | second.keys():
        old, new = first.get(name), second.get(name)
        if old is new or (old is not None and new is not None and old.value == new.value):
            continue
        merged[name] = hole(f"{name} depends on a condition that the build decides", span)
    return merged
