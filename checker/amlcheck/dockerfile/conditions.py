"""Shell conditions that can be decided before the build: string comparisons of known values, and their combinations."""

from __future__ import annotations

import re

from amlcheck.dockerfile.shell import Node
from amlcheck.dockerfile.shellwords import Words, matches
from amlcheck.dockerfile.text import Text

_NUMERIC = {
    "-eq": lambda a, b: a == b,
    "-ne": lambda a, b: a != b,
    "-lt": lambda a, b: a < b,
    "-le": lambda a, b: a <= b,
    "-gt": lambda a, b: a > b,
    "-ge": lambda a, b: a >= b,
}


_PATTERNS = frozenset({"extglob_pattern", "word", "concatenation", "simple_expansion", "expansion"})


def decide(node: Node, words: Words) -> bool | None:
    """Whether a condition holds; None where only the build can tell (files, commands, unknown values)."""
    kind = node.kind
    if kind in ("test_command", "parenthesized_expression"):
        inner = node.named_children
        if len(inner) != 1:
            return None
        # The grammar takes `[ a = b -a c = d ]` for a = (b -a (c = d)).
        return _single_bracket(inner[0], words) if node.children[0].text == "[" else decide(inner[0], words)
    if kind == "negated_command":
        inner = node.named_children
        return _negate(decide(inner[0], words)) if len(inner) == 1 else None
    if kind == "list":
        return _combine(node, words)
    if kind == "unary_expression":
        return _unary(node, words)
    if kind == "binary_expression":
        return _binary(node, words)
    if kind == "command":
        return {"true": True, ":": True, "false": False}.get(node.text.strip())
    if kind in ("string", "word", "simple_expansion", "expansion", "concatenation", "raw_string", "number"):
        value = words.one(node)
        return bool(value.value) if value.known else None
    return None


def _negate(value: bool | None) -> bool | None:
    return None if value is None else not value


def _combine(node: Node, words: Words) -> bool | None:
    operator = next((child.text for child in node.children if child.text in ("&&", "||")), "")
    parts = [child for child in node.children if child.named]
    if len(parts) != 2 or not operator:
        return None
    left, right = decide(parts[0], words), decide(parts[1], words)
    return _logical("-a" if operator == "&&" else "-o", left, right)


def _logical(operator: str, left: bool | None, right: bool | None) -> bool | None:
    if operator == "-a":
        if left is False or right is False:
            return False
        return None if left is None or right is None else True
    if left or right:
        return True
    return None if left is None or right is None else False


def _single_bracket(node: Node, words: Words) -> bool | None:
    """The condition of `[ … ]`: "-o" binds weaker than "-a", and that weaker than the operators."""
    result: bool | None = False
    for alternative in _split(_flat(node), "-o"):
        both: bool | None = True
        for primary in _split(alternative, "-a"):
            both = _logical("-a", both, _primary(primary, words))
        result = _logical("-o", result, both)
    return result


def _flat(node: Node) -> list[Node]:
    if node.kind not in ("binary_expression", "unary_expression"):
        return [node]
    return [leaf for child in node.children for leaf in _flat(child)]


def _split(leaves: list[Node], connective: str) -> list[list[Node]]:
    parts: list[list[Node]] = [[]]
    for leaf in leaves:
        if leaf.kind == "test_operator" and leaf.text == connective:
            parts.append([])
        else:
            parts[-1].append(leaf)
    return parts


def _primary(leaves: list[Node], words: Words) -> bool | None:
    if leaves and leaves[0].text == "!":
        return _negate(_primary(leaves[1:], words))
    if len(leaves) == 1:
        return decide(leaves[0], words)
    if len(leaves) == 2:
        return _filled(leaves[0].text, leaves[1], words)
    return _compared(leaves[0], leaves[1].text, leaves[2], words, pattern=False) if len(leaves) == 3 else None


def _unary(node: Node, words: Words) -> bool | None:
    operator = node.children[0].text
    operand = node.named_children[-1]
    return _negate(decide(operand, words)) if operator == "!" else _filled(operator, operand, words)


def _filled(operator: str, operand: Node, words: Words) -> bool | None:
    """`-n` and `-z`; what asks for files only the build can tell."""
    if operator not in ("-z", "-n"):
        return None
    value = words.one(operand)
    return bool(value.value) == (operator == "-n") if value.known else None


def _binary(node: Node, words: Words) -> bool | None:
    """A comparison within `[[ … ]]`, where an unquoted right side is a pattern."""
    operator_node = node.field("operator")
    left, right = node.field("left"), node.field("right")
    if operator_node is None or left is None or right is None:
        return None
    operator = operator_node.text
    if operator in ("&&", "||"):
        return _logical("-a" if operator == "&&" else "-o", decide(left, words), decide(right, words))
    return _compared(left, operator, right, words, pattern=right.kind in _PATTERNS)


def _compared(left: Node, operator: str, right: Node, words: Words, pattern: bool) -> bool | None:
    first, second = words.one(left), words.one(right)
    if operator in ("=", "==", "!="):
        equal = _equal(first, second, pattern)
        return _negate(equal) if operator == "!=" else equal
    if not (first.known and second.known):
        return None
    if operator in _NUMERIC and re.fullmatch(r"-?\d+", first.value) and re.fullmatch(r"-?\d+", second.value):
        return bool(_NUMERIC[operator](int(first.value), int(second.value)))
    return None


def _equal(first: Text, second: Text, pattern: bool) -> bool | None:
    if pattern:
        return matches(second, first)
    return first.value == second.value if first.known and second.known else None
