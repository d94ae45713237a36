"""YAML as nodes that know their place. The only importer of yaml.

Nodes are put together from the parser's events, without recursion (yaml's own composer, in C, overflows the stack on a
document that is nested deeply enough). Nothing is constructed from tags, and size, depth and number of nodes are bounded
before anything is expanded.
"""

from __future__ import annotations

from typing import Any

import yaml
from yaml.resolver import Resolver

from amlcheck.dockerfile.source import Mapped
from amlcheck.dockerfile.text import Text, literal
from amlcheck.environment.limits import MAX_CHARACTERS, MAX_DEPTH, MAX_NODES, TOO_DEEP, TOO_LONG, TOO_MANY

Node = yaml.Node
Scalar = yaml.ScalarNode
Sequence = yaml.SequenceNode
Mapping = yaml.MappingNode

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class YamlError(ValueError):
    """A document that cannot be read: one sentence with line and column."""

    def __init__(self, problem: str, mapped: Mapped, index: int = 0) -> None:
        self.problem = problem
        self.index = min(index, max(len(mapped.text) - 1, 0))
        line, column = mapped.source.position(mapped.offset(self.index))
        super().__init__(f"{mapped.source.path}:{line}:{column}: {problem}")


def compose(mapped: Mapped) -> Node | None:
    """The document's root; None where it is empty. Raises YamlError."""
    if len(mapped.text) > MAX_CHARACTERS:
        raise YamlError(TOO_LONG, mapped)
    try:
        root = _Composer(mapped).compose()
    except (yaml.YAMLError, UnicodeError) as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        problem = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error).split("\n")[0]
        index = mark.index if mark is not None else getattr(error, "position", None) or _forbidden(mapped.text)
        raise YamlError(f"not valid YAML: {problem}", mapped, index) from error
    if root is not None:
        _bound(root, mapped)
    return root


def _forbidden(text: str) -> int:
    """The first character that YAML does not allow."""
    for index, character in enumerate(text):
        if not (character.isprintable() or character in "\t\n\r\x85\ufeff"):
            return index
    return 0


class _Composer:
    """Builds the nodes of one document."""

    def __init__(self, mapped: Mapped) -> None:
        self.mapped = mapped
        self.resolver: Any = Resolver()
        self.anchors: dict[str, Node] = {}
        self.stack: list[tuple[Any, list[Node]]] = []
        self.root: Node | None = None
        self.count = 0

    def compose(self) -> Node | None:
        documents = 0
        for event in yaml.parse(self.mapped.text, Loader=_Loader):
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise YamlError("not valid YAML: it has more than one document (---)", self.mapped, _at(event))
            elif isinstance(event, yaml.AliasEvent):
                if event.anchor not in self.anchors:
                    raise YamlError(f"not valid YAML: the alias *{event.anchor} has no anchor", self.mapped, _at(event))
                self._put(self.anchors[event.anchor], event)
            elif isinstance(event, yaml.ScalarEvent):
                tag = event.tag
                if tag is None or tag == "!":
                    tag = self.resolver.resolve(yaml.ScalarNode, event.value, event.implicit)
                start: Any = event.start_mark
                end: Any = event.end_mark
                node = yaml.ScalarNode(tag, event.value, start, end, style=event.style)
                self._anchor(event, node)
                self._put(node, event)
            elif isinstance(event, (yaml.SequenceStartEvent, yaml.MappingStartEvent)):
                self._open(event)
            elif isinstance(event, (yaml.SequenceEndEvent, yaml.MappingEndEvent)):
                self._close(event)
        return self.root

    def _open(self, event: Any) -> None:
        if len(self.stack) >= MAX_DEPTH:
            raise YamlError(TOO_DEEP, self.mapped, _at(event))
        kind = yaml.SequenceNode if isinstance(event, yaml.SequenceStartEvent) else yaml.MappingNode
        node = kind(event.tag or "", [], event.start_mark, event.end_mark, flow_style=event.flow_style)
        self._anchor(event, node)
        self.stack.append((node, []))

    def _close(self, event: Any) -> None:
        node, children = self.stack.pop()
        node.end_mark = event.end_mark
        if isinstance(node, yaml.MappingNode):
            node.value.extend(zip(children[::2], children[1::2], strict=True))
        else:
            node.value.extend(children)
        self._put(node, event)

    def _anchor(self, event: Any, node: Node) -> None:
        if event.anchor is not None:
            self.anchors[event.anchor] = node

    def _put(self, node: Node, event: Any) -> None:
        self.count += 1
        if self.count > MAX_NODES:
            raise YamlError(TOO_MANY, self.mapped, _at(event))
        if self.stack:
            self.stack[-1][1].append(node)
        else:
            self.root = node


def _at(event: Any) -> int:
    return int(event.start_mark.index)


def _bound(root: Node, mapped: Mapped) -> None:
    """Refuses documents whose aliases make them explode when they are walked."""
    count = 0
    stack: list[tuple[Node, int]] = [(root, 0)]
    while stack:
        node, depth = stack.pop()
        count += 1
        if count > MAX_NODES or depth > MAX_DEPTH:
            problem = TOO_MANY if count > MAX_NODES else f"{TOO_DEEP}, aliases included"
            raise YamlError(problem, mapped, node.start_mark.index)
        if isinstance(node, yaml.SequenceNode):
            stack.extend((child, depth + 1) for child in node.value)
        elif isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                stack.append((key, depth + 1))
                stack.append((value, depth + 1))


def text_of(node: Node, mapped: Mapped) -> Text:
    """A scalar's value at its place, without its quotes."""
    start, end = node.start_mark.index, node.end_mark.index
    raw = mapped.text[start:end]
    value = str(node.value)
    at = raw.find(value) if value else -1
    if at >= 0:
        return literal(value, mapped.span(start + at, start + at + len(value)))
    return literal(value, mapped.span(start, max(end, start + 1)))


def get(node: Node, key: str) -> Node | None:
    """The value of a key of a mapping; the last one where it stands twice, as YAML loaders do."""
    if not isinstance(node, yaml.MappingNode):
        return None
    found = [value for name, value in node.value if isinstance(name, yaml.ScalarNode) and name.value == key]
    return found[-1] if found else None
