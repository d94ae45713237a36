"""amlcheck.records against the standard library's dataclasses: the same definition gives the same behaviour."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from collections.abc import Callable
from functools import cached_property, partial
from typing import Any

import pytest

from amlcheck import records

Module = Any
MODULES = (dataclasses, records)


def frozen_with_slots(module: Module) -> type:
    @module.dataclass(frozen=True, slots=True)
    class Made:
        first: int
        second: str = "two"
        third: list[int] = module.field(default_factory=list)
        hidden: str = module.field(default="secret", repr=False)

        @property
        def shout(self) -> str:
            return self.second.upper()

    return Made


def frozen(module: Module) -> type:
    @module.dataclass(frozen=True)
    class Made:
        first: int
        second: tuple[int, ...] = ()

        @cached_property
        def double(self) -> int:
            return self.first * 2

    return Made


def changing(module: Module) -> type:
    @module.dataclass
    class Made:
        first: int = 1
        second: dict[str, int] = module.field(default_factory=dict)

    return Made


def changing_with_slots(module: Module) -> type:
    @module.dataclass(slots=True)
    class Made:
        first: int
        second: str = ""

    return Made


def without_equality(module: Module) -> type:
    @module.dataclass(frozen=True, slots=True, eq=False)
    class Made:
        first: int

    return Made


def computed(module: Module) -> type:
    @module.dataclass(frozen=True, slots=True)
    class Made:
        first: int
        twice: int = module.field(init=False, repr=False)

        def __post_init__(self) -> None:
            object.__setattr__(self, "twice", self.first * 2)

    return Made


def derived(module: Module) -> type:
    @module.dataclass(frozen=True)
    class Base:
        first: int
        second: str = "base"

    @module.dataclass(frozen=True)
    class Made(Base):
        second: str = "derived"
        third: int = 3

    return Made


def own_equality(module: Module) -> type:
    @module.dataclass(frozen=True, slots=True)
    class Made:
        first: int

        def __eq__(self, other: object) -> bool:
            return True

    return Made


def empty(module: Module) -> type:
    @module.dataclass(frozen=True, slots=True)
    class Made:
        pass

    return Made


DEFINITIONS = (
    frozen_with_slots,
    frozen,
    changing,
    changing_with_slots,
    without_equality,
    computed,
    derived,
    own_equality,
    empty,
)
CALLS: tuple[tuple[tuple[Any, ...], dict[str, Any]], ...] = (
    ((), {}),
    ((1,), {}),
    ((1, "x"), {}),
    ((1,), {"second": "y"}),
    ((), {"first": 5}),
    ((1, "x", 3, 4, 5), {}),
    ((1,), {"first": 1}),
    ((1,), {"nothing": 1}),
)


def outcome(action: Callable[[], Any]) -> Any:
    """What comes out of it: a value or the kind of error."""
    try:
        return action()
    except Exception as error:
        return type(error).__name__


def behaviour(made: type) -> list[Any]:
    """All that can be seen of a class, as data that two classes can be compared by."""
    seen: list[Any] = [getattr(made, "__slots__", None), getattr(made, "__match_args__", None)]
    for values, named in CALLS:
        make = partial(made, *values, **named)
        one = outcome(make)
        if isinstance(one, str):
            seen.append(one)
            continue
        other = make()
        seen += [repr(one), one == other, one != other, one == 1, hasattr(one, "__dict__")]
        hashed = outcome(partial(hash, one))
        seen.append(hashed if isinstance(hashed, str) else hashed == outcome(partial(hash, other)))
        seen.append(isinstance(outcome(partial(setattr, one, "first", 9)), str))
        # Of which kind an error is is not compared: for slots the library says TypeError by mistake.
        seen.append(isinstance(outcome(partial(setattr, one, "unknown", 9)), str))
        seen.append(isinstance(outcome(partial(delattr, one, "first")), str))
        seen += [outcome(partial(getattr, other, name)) for name in ("twice", "double", "shout")]
        copied = outcome(partial(copy.copy, other))
        seen.append(repr(copied))
    return seen


@pytest.mark.parametrize("definition", DEFINITIONS, ids=lambda item: item.__name__)
def test_behaves_as_the_standard_library(definition: Callable[[Module], type]) -> None:
    theirs, ours = (behaviour(definition(module)) for module in MODULES)
    assert ours == theirs


@pytest.mark.parametrize("definition", [frozen_with_slots, frozen, changing, derived])
def test_replace_as_the_standard_library(definition: Callable[[Module], type]) -> None:
    results = []
    for module in MODULES:
        one = definition(module)(1, "x") if definition is not changing else definition(module)(1, {})
        changed = module.replace(one, first=2)
        wrong = outcome(partial(module.replace, one, nothing=1))
        results.append((repr(changed), repr(one), changed == one, wrong))
    assert results[0] == results[1]


def test_a_method_that_the_class_defines_is_kept() -> None:
    @records.dataclass(frozen=True, slots=True)
    class Made:
        first: int

        def __repr__(self) -> str:
            return "mine"

    assert repr(Made(1)) == "mine"


@records.dataclass(frozen=True, slots=True)
class Sent:
    """At module level, where pickle finds it."""

    first: int
    second: tuple[int, ...] = ()
    twice: int = records.field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "twice", self.first * 2)


def test_travels_to_another_process() -> None:
    sent = Sent(1, (2, 3))
    assert pickle.loads(pickle.dumps(sent)) == sent


def test_errors_of_a_frozen_record_are_attribute_errors() -> None:
    with pytest.raises(AttributeError, match="first"):
        Sent(1).first = 2  # type: ignore[misc]
