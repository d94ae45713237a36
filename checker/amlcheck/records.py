"""`dataclass`, `field` and `replace` as the standard library's, as far as they are used here, but quick to define.

The standard library compiles six methods for every class when its module is loaded, and imports `inspect` to do so: for
the 90 classes that a check of one Dockerfile loads that took 50 of its 200 ms, and a frozen instance with slots took
five times as long to make (measured on Python 3.11; docs/performance.md). Here `__init__` is compiled when a class is
first used, and all else is shared. To type checkers it is the standard library's; tests/test_records.py compares the two.

Differences: no `order`, `kw_only`, `InitVar` or `match_args` options; a `field` has a default or a factory, `init` and
`repr` only; mutable defaults are not looked for; `dataclasses.fields()` and the like do not know these classes.
"""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import FrozenInstanceError, dataclass, field, replace
else:
    _NOTHING = object()

    class FrozenInstanceError(AttributeError):
        """An attribute of a frozen record was to be changed."""

    class _Field:
        """What `field()` says of one attribute."""

        __slots__ = ("default", "factory", "init", "repr")

        def __init__(self, default, factory, init, shown) -> None:
            self.default = default
            self.factory = factory
            self.init = init
            self.repr = shown

    def field(*, default=_NOTHING, default_factory=_NOTHING, init=True, repr=True):  # noqa: A002
        """As `dataclasses.field`."""
        return _Field(default, default_factory, init, repr)

    def dataclass(cls=None, /, *, frozen=False, slots=False, eq=True):
        """As `dataclasses.dataclass`."""
        if cls is None:
            return lambda later: _record(later, frozen, slots, eq)
        return _record(cls, frozen, slots, eq)

    def replace(record, /, **changes):
        """As `dataclasses.replace`."""
        for name, stated in record.__record_fields__.items():
            if stated.init and name not in changes:
                changes[name] = getattr(record, name)
        return record.__class__(**changes)

    def _record(cls: type, frozen: bool, slots: bool, eq: bool) -> type:
        own = {}
        for name, annotation in cls.__dict__.get("__annotations__", {}).items():  # noqa: RUF063 - inspect is what costs
            if isinstance(annotation, str) and annotation.startswith("ClassVar"):
                continue
            default = cls.__dict__.get(name, _NOTHING)
            stated = default if isinstance(default, _Field) else _Field(default, _NOTHING, True, True)
            own[name] = stated
        inherited = {}
        for base in reversed(cls.__mro__[1:]):
            inherited.update(base.__dict__.get("__record_fields__", {}))
        fields = {**inherited, **own}
        for name, stated in own.items():
            if slots or stated.default is _NOTHING:
                if name in cls.__dict__:
                    delattr(cls, name)
            elif cls.__dict__.get(name) is stated:
                setattr(cls, name, stated.default)
        if slots:
            cls = _with_slots(cls, [name for name in own if name not in inherited])
        cls.__record_fields__ = fields
        cls.__match_args__ = tuple(name for name, stated in fields.items() if stated.init)
        given = cls.__dict__
        if "__init__" not in given:
            cls.__init__ = _first_init(cls, fields, frozen, slots)
        if "__repr__" not in given:
            cls.__repr__ = _repr
        if eq:
            cls.__record_values__ = staticmethod(attrgetter(*fields) if fields else _no_values)
            if "__eq__" not in given:
                cls.__eq__ = _eq
            if given.get("__hash__", None) is None:
                cls.__hash__ = _hash if frozen else None
        if frozen:
            cls.__setattr__ = _refuse_to_set
            cls.__delattr__ = _refuse_to_delete
            if slots:
                cls.__reduce__ = _reduce
        return cls

    def _with_slots(cls: type, names: list[str]) -> type:
        namespace = {key: value for key, value in cls.__dict__.items() if key not in ("__dict__", "__weakref__")}
        namespace["__slots__"] = tuple(names)
        made = type(cls)(cls.__name__, cls.__bases__, namespace)
        made.__qualname__ = cls.__qualname__
        return made

    def _first_init(cls: type, fields: dict[str, _Field], frozen: bool, slots: bool):
        """An `__init__` that makes the real one, puts it in its own place, and calls it."""

        def __init__(self, /, *values, **named) -> None:  # noqa: N807
            if cls.__dict__["__init__"] is __init__:
                type.__setattr__(cls, "__init__", _init_of(cls, fields, frozen, slots))
            cls.__init__(self, *values, **named)

        return __init__

    def _init_of(cls: type, fields: dict[str, _Field], frozen: bool, slots: bool):
        known: dict[str, Any] = {"_NOTHING": _NOTHING}
        parameters, body = [], []
        for name, stated in fields.items():
            value = name
            if stated.factory is not _NOTHING:
                known[f"_factory_{name}"] = stated.factory
                value = f"_factory_{name}()" + (f" if {name} is _NOTHING else {name}" if stated.init else "")
            if stated.init:
                optional = stated.default is not _NOTHING or stated.factory is not _NOTHING
                if stated.default is not _NOTHING:
                    known[f"_default_{name}"] = stated.default
                default = f"_default_{name}" if stated.default is not _NOTHING else "_NOTHING"
                parameters.append(f"{name}={default}" if optional else name)
            elif stated.factory is _NOTHING:
                continue
            if not frozen:
                body.append(f"self.{name} = {value}")
            elif slots:
                known[f"_set_{name}"] = getattr(cls, name).__set__
                body.append(f"_set_{name}(self, {value})")
            else:
                body.append(f"_attributes[{name!r}] = {value}")
        if frozen and not slots:
            body.insert(0, "_attributes = self.__dict__")
        if hasattr(cls, "__post_init__"):
            body.append("self.__post_init__()")
        source = f"def __init__({', '.join(['self', *parameters])}):\n " + "\n ".join(body or ["pass"])
        exec(source, known)
        made = known["__init__"]
        made.__qualname__ = f"{cls.__qualname__}.__init__"
        return made

    def _no_values(record) -> tuple[()]:
        return ()

    def _repr(self) -> str:
        shown = (name for name, stated in self.__record_fields__.items() if stated.repr)
        return f"{type(self).__qualname__}({', '.join(f'{name}={getattr(self, name)!r}' for name in shown)})"

    def _eq(self, other):
        if other.__class__ is not self.__class__:
            return NotImplemented
        return self is other or self.__record_values__(self) == self.__record_values__(other)

    def _hash(self) -> int:
        return hash(self.__record_values__(self))

    def _refuse_to_set(self, name: str, value: object) -> None:
        raise FrozenInstanceError(f"cannot assign to field {name!r}")

    def _refuse_to_delete(self, name: str) -> None:
        raise FrozenInstanceError(f"cannot delete field {name!r}")

    def _reduce(self):
        return _restored, (self.__class__, tuple(getattr(self, name) for name in self.__record_fields__))

    def _restored(cls: type, values: tuple[object, ...]):
        record = cls.__new__(cls)
        for name, value in zip(cls.__record_fields__, values, strict=True):
            object.__setattr__(record, name, value)
        return record


__all__ = ["FrozenInstanceError", "dataclass", "field", "replace"]
