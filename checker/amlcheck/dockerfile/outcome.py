"""Whether a statement certainly succeeds or certainly fails, as far as its own words tell."""

from __future__ import annotations

from amlcheck.dockerfile.shell import Node

SUCCEEDS = frozenset({"true", ":", "echo", "printf"})
"""Commands that do not fail."""


def program(node: Node) -> str:
    """The first word of a command as it is written."""
    name = node.field("name")
    return name.text if name is not None else ""


def _code(node: Node) -> str | None:
    """What `exit` or `return` is given; None where the statement is neither."""
    if node.kind != "command" or program(node) not in ("exit", "return"):
        return None
    return " ".join(child.text for child in node.field_all("argument"))


def succeeds(node: Node) -> bool:
    """Whether a statement after `||` certainly succeeds, so that the script goes on, or ends, as if nothing had failed."""
    if node.kind == "redirected_statement":
        body = node.field("body")
        return body is not None and succeeds(body)
    if node.kind == "list":
        left, right = node.named_children[0], node.named_children[-1]
        both = any(child.text == "&&" for child in node.children)
        return succeeds(right) and (not both or succeeds(left))
    if node.kind in ("compound_statement", "subshell"):
        statements = [child for child in node.named_children if child.kind != "comment"]
        return bool(statements) and not fails(statements) and succeeds(statements[-1])
    return node.kind == "command" and (program(node) in SUCCEEDS or _code(node) == "0")


def fails(nodes: list[Node]) -> bool:
    """Whether statements end in an `exit` or `return` that tells of a failure."""
    for node in nodes:
        if node.kind in ("compound_statement", "subshell"):
            if fails(node.named_children):
                return True
        elif node.kind == "list" and any(child.text == "&&" for child in node.children):
            if fails([node.named_children[-1]]) and succeeds(node.named_children[0]):
                return True
        elif (code := _code(node)) is not None:
            return code != "0" and (bool(code) or len(nodes) == 1)
    return False
