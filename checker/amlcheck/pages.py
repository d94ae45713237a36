"""Where the page of a rule stands, for reports that link to it."""

from __future__ import annotations

DOCUMENTATION = ""
"""What stands before the path of a page: empty for a path in the repository, or the address of a copy, ending in "/"."""


def link(rule: str) -> str:
    """The page of a rule: "docs/rules/AML103.md"."""
    return f"{DOCUMENTATION}docs/rules/{rule}.md"


def hint(rule: str) -> str:
    """The command that shows it."""
    return f"amlcheck explain {rule}"
