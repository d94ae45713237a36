"""YAML as a tree of nodes that know their place: aliases stand for what they name, merge keys are merged."""

from __future__ import annotations

from amlcheck.dockerfile.source import Mapped
from amlcheck.environment import yaml_nodes
from amlcheck.environment.document import TEMPLATE, Document, Entry, Mapping, Node, Open, Problem, Scalar, Sequence
from amlcheck.environment.yaml_nodes import YamlError, text_of
from amlcheck.regex import regex

_TAG = "tag:yaml.org,2002:"
_INTEGER = regex(r"[-+]?\d{1,300}")
_DECIMAL = regex(r"[-+]?(?:\d{1,300}\.\d{0,300}|\.\d{1,300})(?:[eE][-+]?\d{1,3})?")
_TRUE = frozenset({"true", "yes", "on"})


def read_yaml(mapped: Mapped) -> Document:
    """The document, with its problems. Never raises."""
    try:
        root = yaml_nodes.compose(mapped)
    except YamlError as error:
        end = min(error.index + 1, len(mapped.text))
        template = "it has a template's variables" if TEMPLATE.search(mapped.text) else ""
        problem = Problem(error.problem, mapped.span(error.index, end))
        return Document(mapped.source, None, () if template else (problem,), template)
    if root is None:
        return Document(mapped.source, None)
    converter = _Converter(mapped)
    return Document(mapped.source, converter.node(root), tuple(converter.problems))


class _Converter:
    """Makes nodes of yaml's; depth is bounded already, and what an alias names is converted once."""

    def __init__(self, mapped: Mapped) -> None:
        self.mapped = mapped
        self.problems: list[Problem] = []
        self.done: dict[int, Node] = {}

    def node(self, node: yaml_nodes.Node) -> Node:
        known = self.done.get(id(node))
        if known is None:
            known = self._convert(node)
            self.done[id(node)] = known
        return known

    def _convert(self, node: yaml_nodes.Node) -> Node:
        span = self.mapped.span(node.start_mark.index, max(node.end_mark.index, node.start_mark.index))
        if isinstance(node, yaml_nodes.Scalar):
            return self._scalar(node)
        if isinstance(node, yaml_nodes.Sequence):
            return Sequence(span, tuple(self.node(item) for item in node.value))
        assert isinstance(node, yaml_nodes.Mapping)
        return self._mapping(node)

    def _scalar(self, node: yaml_nodes.Scalar) -> Node:
        span = self.mapped.span(node.start_mark.index, node.end_mark.index)
        text = text_of(node, self.mapped)
        if TEMPLATE.search(node.value):
            return Open(text.span or span, "a template's variable")
        kind = node.tag.removeprefix(_TAG)
        value: str | int | float | bool | None = node.value
        if kind == "null":
            value = None
        elif kind == "bool":
            value = node.value.lower() in _TRUE
        elif kind in ("int", "float"):
            value = _number(node.value)
        return Scalar(span, value, text)

    def _mapping(self, node: yaml_nodes.Mapping) -> Mapping:
        span = self.mapped.span(node.start_mark.index, node.end_mark.index)
        own: list[Entry] = []
        merged: list[Entry] = []
        seen: set[str] = set()
        opened = ""
        for name, value in node.value:
            if not isinstance(name, yaml_nodes.Scalar):
                opened = "a key is no plain word"
                continue
            words = text_of(name, self.mapped)
            key_span = words.span or self.mapped.span(name.start_mark.index, name.end_mark.index)
            if name.tag == f"{_TAG}merge":
                merged.extend(self._merged(self.node(value)))
                continue
            if TEMPLATE.search(name.value):
                opened = "a key is a template's variable"
                continue
            if name.value in seen:
                message = f"the key {name.value!r} stands twice: only the last one counts"
                self.problems.append(Problem(message, key_span))
            seen.add(name.value)
            own.append(Entry(name.value, key_span, self.node(value)))
        inherited = {entry.key: entry for entry in reversed(merged) if entry.key not in seen}
        return Mapping(span, (*inherited.values(), *own), opened)

    def _merged(self, node: Node) -> list[Entry]:
        """What `<<` brings: of several mappings, the first one counts."""
        if isinstance(node, Mapping):
            return list(node.entries)
        if isinstance(node, Sequence):
            return [entry for item in node.items if isinstance(item, Mapping) for entry in item.entries]
        return []


def _number(text: str) -> str | int | float:
    """A number as far as it is plain; what YAML alone reads as one (1_000, 0x1F, 1:30) stays as written."""
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _DECIMAL.fullmatch(text) else text
