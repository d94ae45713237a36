"""Shell conditions that can be decided before the build: string comparisons of known values, and their combinations."""

from __future__ import annotations

import re

from amlcheck.dockerfile.shell import Node
from amlcheck.dockerfile.shellwords import Words, matches

_NUMERIC = {
    "-eq": lambda a, b: a == b,
    "-ne": lambda a, b: a != b,
    "-lt": lambda a, b: a < b,
    "-le": lambda a, b: a <= b,
    "-gt": lambda a, b: a > b,
    "-ge": lambda a, b: a >= b,
}


MAX_CHAIN = 20
"""Conditions joined by && and || that are decided together; each link of a longer chain is asked for on its own."""


def decide(node: Node, words: Words, patterns: bool = False, depth: int = 0) -> bool | None:
    """Whether a condition holds; None where only the build can tell (files, commands, unknown values).

    `patterns`: it stands in `[[ … ]]`, where the right side of `==` is a pattern.
    """
    kind = node.kind
    inner = node.named_children
    if kind == "test_command":
        if len(inner) != 1:
            return None
        # The grammar takes `[ a = b -a c = d ]` for a = (b -a (c = d)).
        return decide(inner[0], words, True) if node.children[0].text == "[[" else _single_bracket(inner[0], words)
    if kind == "parenthesized_expression":
        return decide(inner[0], words, patterns) if len(inner) == 1 else None
    if kind == "negated_command":
        return _negate(decide(inner[0], words)) if len(inner) == 1 else None
    if kind == "list":
        return _combine(node, words, depth + 1) if depth < MAX_CHAIN else None
    if kind == "unary_expression":
        return _unary(node, words, patterns)
    if kind == "binary_expression":
        return _binary(node, words, patterns)
    if kind == "command":
        return {"true": True, ":": True, "false": False}.get(node.text.strip())
    if kind in ("string", "word", "simple_expansion", "expansion", "concatenation", "raw_string", "number"):
        value = words.one(node)
        return bool(value.value) if value.known else None
    return None


def _negate(value: bool | None) -> bool | None:
    return None if value is None else not value


def _combine(node: Node, words: Words, depth: int) -> bool | None:
    operator = next((child.text for child in node.children if child.text in ("&&", "||")), "")
    parts = [child for child in node.children if child.named]
    if len(parts) != 2 or not operator:
        return None
    left, right = (decide(part, words, depth=depth) for part in parts)
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
    return _compare(leaves[1].text, leaves[0], [leaves[2]], words, False) if len(leaves) == 3 else None


def _unary(node: Node, words: Words, patterns: bool) -> bool | None:
    operator = node.children[0].text
    operand = node.named_children[-1]
    if operator == "!":
        return _negate(decide(operand, words, patterns))
    return _filled(operator, operand, words)


def _filled(operator: str, operand: Node, words: Words) -> bool | None:
    """`-n` and `-z`; what asks for files only the build can tell."""
    if operator not in ("-z", "-n"):
        return None
    value = words.one(operand)
    if not value.known:
        return None
    return bool(value.value) == (operator == "-n")


def _binary(node: Node, words: Words, patterns: bool) -> bool | None:
    operator_node, left, right = node.field("operator"), node.field("left"), node.field("right")
    if operator_node is None or left is None or right is None:
        return None
    operator = operator_node.text
    if operator in ("&&", "-a", "||", "-o"):
        both = decide(left, words, patterns), decide(right, words, patterns)
        return _logical("-a" if operator in ("&&", "-a") else "-o", *both)
    if left.kind == "unary_expression" and left.children[0].text == "!":
        # tree-sitter binds `! a = b` as `(! a) = b`
        return _negate(_compare(operator, left.named_children[-1], node.field_all("right"), words, patterns))
    return _compare(operator, left, node.field_all("right"), words, patterns)


def _compare(operator: str, left: Node, right: list[Node], words: Words, patterns: bool) -> bool | None:
    """Two words; None where tree-sitter took more than words together."""
    if any(side.kind.endswith("_expression") for side in (left, *right)):
        return None
    if operator in ("=", "==", "!="):
        equal = _equal(left, right, words, patterns)
        return _negate(equal) if operator == "!=" else equal
    first, second = words.one(left), words.one(right[0])
    if not (first.known and second.known):
        return None
    if operator in _NUMERIC and re.fullmatch(r"-?\d+", first.value) and re.fullmatch(r"-?\d+", second.value):
        return bool(_NUMERIC[operator](int(first.value), int(second.value)))
    return None


def _equal(left: Node, right: list[Node], words: Words, patterns: bool) -> bool | None:
    """`==`: tree-sitter gives a pattern such as `*"3."*` as several nodes."""
    first = words.one(left)
    if patterns:
        return matches(words.pattern(right), first)
    second = words.one(right[0])
    return first.value == second.value if len(right) == 1 and first.known and second.known else None
