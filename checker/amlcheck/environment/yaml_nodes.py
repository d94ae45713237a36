"""YAML as nodes that know their place. The only importer of yaml.

Nothing is constructed from tags, and the size, depth and number of nodes are bounded before anything is expanded.
"""

from __future__ import annotations

import yaml

from amlcheck.dockerfile.source import Mapped
from amlcheck.dockerfile.text import Text, literal

MAX_CHARACTERS = 1 << 20
MAX_NODES = 50_000
MAX_DEPTH = 50

Node = yaml.Node
Scalar = yaml.ScalarNode
Sequence = yaml.SequenceNode
Mapping = yaml.MappingNode

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class YamlError(ValueError):
    """A document that cannot be read: one sentence with line and column."""


def compose(mapped: Mapped) -> Node | None:
    """The document's root; None where it is empty. Raises YamlError."""
    if len(mapped.text) > MAX_CHARACTERS:
        raise YamlError(f"it is longer than {MAX_CHARACTERS} characters")
    try:
        root = yaml.compose(mapped.text, Loader=_Loader)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise YamlError(_sentence(error, mapped)) from error
    if root is not None:
        _bound(root)
    return root


def _sentence(error: Exception, mapped: Mapped) -> str:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    problem = getattr(error, "problem", None) or str(error).split("\n")[0] or "nested too deeply"
    if mark is None:
        return f"not valid YAML: {problem}"
    line, column = mapped.source.position(mapped.offset(min(mark.index, max(len(mapped.text) - 1, 0))))
    return f"{mapped.source.path}:{line}:{column}: not valid YAML: {problem}"


def _bound(root: Node) -> None:
    """Refuses documents whose aliases make them explode when they are walked."""
    count = 0
    stack: list[tuple[Node, int]] = [(root, 0)]
    while stack:
        node, depth = stack.pop()
        count += 1
        if count > MAX_NODES or depth > MAX_DEPTH:
            raise YamlError("it is too large or too deeply nested (aliases included)")
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
