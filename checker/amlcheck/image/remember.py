"""What was worked out of one image's files is worked out once: several probes ask for it."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import wraps
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

_Result = TypeVar("_Result")
_KNOWN: WeakKeyDictionary[Any, dict[Hashable, Any]] = WeakKeyDictionary()
"""By the tree, which takes its answers with it when it goes."""


class Itself:
    """An argument that cannot be hashed, taken as the same only as itself. It must not lead to the tree."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __hash__(self) -> int:
        return id(self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Itself) and self.value is other.value


def remembered(function: Callable[..., _Result]) -> Callable[..., _Result]:
    """For functions of a tree and further hashable arguments. What is raised is not remembered."""

    @wraps(function)
    def asked(tree: Any, *arguments: Hashable) -> _Result:
        answers = _KNOWN.setdefault(tree, {})
        key = (function, *arguments)
        if key not in answers:
            answers[key] = function(tree, *arguments)
        found: _Result = answers[key]
        return found

    return asked
