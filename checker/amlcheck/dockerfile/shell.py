"""The syntax tree of a shell script. The only importer of tree_sitter."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import lru_cache
from importlib.machinery import EXTENSION_SUFFIXES
from importlib.util import find_spec, module_from_spec, spec_from_file_location

import tree_sitter

from amlcheck.dockerfile.source import Mapped, Span

MAX_SCRIPT = 1 << 20
"""Characters of a script that are read; a longer one is told as such."""


_PADDED = frozenset(
    {"simple_expansion", "expansion", "command_substitution", "arithmetic_expansion", "$", "${", "$(", "$((", "`"}
)
"""Kinds of nodes to which the grammar, within double quotes, counts the blanks before them."""


@lru_cache(maxsize=1)
def _parser() -> tree_sitter.Parser:
    return tree_sitter.Parser(tree_sitter.Language(_grammar()))


def _grammar() -> object:
    """The grammar of bash.

    Its package imports importlib.resources, for queries that nobody asks for here; so its extension alone is loaded.
    """
    found = find_spec("tree_sitter_bash")
    for folder in (found.submodule_search_locations or ()) if found is not None else ():
        for suffix in EXTENSION_SUFFIXES:
            path = os.path.join(folder, f"_binding{suffix}")
            if os.path.isfile(path):
                spec = spec_from_file_location("tree_sitter_bash._binding", path)
                assert spec is not None
                return module_from_spec(spec).language()
    import tree_sitter_bash

    return tree_sitter_bash.language()


class Node:
    """A node of the tree, with its place in the user's file. A thin view: tree-sitter's own node does the work."""

    __slots__ = ("_node", "script")

    def __init__(self, node: tree_sitter.Node, script: Script) -> None:
        self._node = node
        self.script = script

    @property
    def kind(self) -> str:
        return self._node.type

    @property
    def named(self) -> bool:
        return self._node.is_named

    @property
    def start(self) -> int:
        """Index of its first character in the script's text."""
        start = self.script.index(self._node.start_byte)
        if self._node.type not in _PADDED:
            return start
        text, end = self.script.mapped.text, self.end
        while start < end and text[start] in " \t\r\n":
            start += 1
        return start

    @property
    def end(self) -> int:
        return self.script.index(self._node.end_byte)

    @property
    def text(self) -> str:
        return self.script.mapped.text[self.start : self.end]

    @property
    def span(self) -> Span:
        return self.script.mapped.span(self.start, self.end)

    def plain(self) -> tuple[str, Span] | None:
        """The characters of a word that a shell takes as they stand, and their place; None for any other node.

        Most words of a script are such: without quotes, expansions, escapes and braces, and all on one line.
        """
        inner = self._node
        if inner.type == "command_name" and inner.child_count == 1:
            inner = inner.children[0]
        if inner.type not in ("word", "number"):
            return None
        mapped = self.script.mapped
        start, end = self.script.index(inner.start_byte), self.script.index(inner.end_byte)
        text = mapped.text[start:end]
        if not text or "\\" in text or "{" in text or not mapped.is_contiguous(start, end):
            return None
        return text, mapped.span(start, end)

    @property
    def children(self) -> list[Node]:
        return [Node(child, self.script) for child in self._node.children]

    @property
    def named_children(self) -> list[Node]:
        return [Node(child, self.script) for child in self._node.named_children]

    def fields(self) -> Iterator[tuple[str | None, Node]]:
        """Each child and the field it fills."""
        for index, child in enumerate(self._node.children):
            yield self._node.field_name_for_child(index), Node(child, self.script)

    def field(self, name: str) -> Node | None:
        found = self._node.child_by_field_name(name)
        return Node(found, self.script) if found is not None else None

    def field_all(self, name: str) -> list[Node]:
        return [Node(child, self.script) for child in self._node.children_by_field_name(name)]

    @property
    def has_error(self) -> bool:
        return self._node.has_error


class Script:
    """A parsed script."""

    def __init__(self, mapped: Mapped) -> None:
        self.mapped = mapped
        encoded = mapped.text.encode("utf-8", "replace")
        self._indices: list[int] | None = None
        if len(encoded) != len(mapped.text):
            indices: list[int] = []
            for index, char in enumerate(mapped.text):
                indices.extend([index] * len(char.encode("utf-8", "replace")))
            self._indices = [*indices, len(mapped.text)]
        self._tree = _parser().parse(encoded)
        self.root = Node(self._tree.root_node, self)

    def index(self, byte: int) -> int:
        return byte if self._indices is None else self._indices[min(byte, len(self._indices) - 1)]
