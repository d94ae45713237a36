"""A document of any format as one tree: mappings, sequences and scalars that know their place, and what is not known.

JSON, YAML and the syntax tree of a Python file are all read into it; rules and readers of meaning see only this.
"""

from __future__ import annotations

from collections.abc import Iterator

from amlcheck.dockerfile.source import Source, Span
from amlcheck.dockerfile.text import Text
from amlcheck.model import Evidence, Location
from amlcheck.records import dataclass, field
from amlcheck.regex import regex

TEMPLATE = regex(r"\$\{\{|\{\{|\{%|\$\(|<%|##\w+##|^__\w+__$|<[A-Z][A-Z0-9_]{2,}>")
"""What a tool fills in before the file is used: `${{…}}`, `{{ … }}`, `$(…)`, `__NAME__`, `<NAME>`."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a document is not what it should be, and where."""

    message: str
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Scalar:
    """A string, number, true, false or null."""

    span: Span
    """With its quotes."""
    value: str | int | float | bool | None
    text: Text
    """The characters, without quotes and with escapes resolved, each at its place."""

    @property
    def inner(self) -> Span:
        """Where the characters stand, without quotes."""
        return self.text.span or self.span


@dataclass(frozen=True, slots=True, eq=False)
class Open:
    """A value that is not known, and why: a template's variable, an expression of a program."""

    span: Span
    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class Sequence:
    span: Span
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """A key and what it leads to."""

    key: str
    key_span: Span
    node: Node


@dataclass(frozen=True, slots=True, eq=False)
class Mapping:
    span: Span
    entries: tuple[Entry, ...]
    open: str = ""
    """Why there may be more entries than these; empty where there are not."""

    def entry(self, *names: str) -> Entry | None:
        """The entry of a key, by the first of its names that is there; the last one where it stands twice."""
        for name in names:
            for item in reversed(self.entries):
                if item.key == name:
                    return item
        return None

    def get(self, *names: str) -> Node | None:
        """The value of a key; None where it is not there or null."""
        found = self.entry(*names)
        return None if found is None or is_null(found.node) else found.node

    def section(self, *names: str) -> Mapping:
        """The mapping at a key; an empty one where there is none."""
        found = self.get(*names)
        if isinstance(found, Mapping):
            return found
        return Mapping(self.span, (), found.reason if isinstance(found, Open) else self.open)


Node = Scalar | Open | Sequence | Mapping


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """A file as it was read."""

    source: Source
    root: Node | None
    """None where nothing of it could be read."""
    problems: tuple[Problem, ...] = ()
    template: str = ""
    """Why it is a template, which says what it is only once it is filled in."""
    sources: dict[str, Source] = field(default_factory=dict)


def is_null(node: Node) -> bool:
    return isinstance(node, Scalar) and node.value is None


def string(node: Node | None) -> str | None:
    """A scalar's characters; None where there is none or it is not known."""
    if not isinstance(node, Scalar) or node.value is None or not node.text.known:
        return None
    return node.text.value


def boolean(node: Node | None) -> bool | None:
    """True or false, also where it is written as a string; None for anything else."""
    if isinstance(node, Scalar):
        if isinstance(node.value, bool):
            return node.value
        return {"true": True, "false": False}.get(str(node.value).lower())
    return None


def location(node: Node | Entry | None) -> Location | None:
    """Where a value stands, without its quotes."""
    if node is None:
        return None
    return place(node).location


def place(node: Node | Entry) -> Span:
    """The words of a value, or of a key."""
    if isinstance(node, Entry):
        return node.key_span
    return node.inner if isinstance(node, Scalar) else node.span


def evidence(node: Node | Entry, note: str = "") -> Evidence:
    return place(node).evidence(note)


def walk(node: Node | None) -> Iterator[Node]:
    """A node and all that is in it."""
    stack = [node] if node is not None else []
    while stack:
        top = stack.pop()
        yield top
        if isinstance(top, Sequence):
            stack.extend(reversed(top.items))
        elif isinstance(top, Mapping):
            stack.extend(entry.node for entry in reversed(top.entries))
