"""What an answer is expected to be, and where it differs: status, JSON with tolerance, JSON Schema, a value at a path."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from amlcheck.deployment.jsonpath import JsonPath, parse_path
from amlcheck.deployment.model import Answer
from amlcheck.errors import AmlcheckError, UnreadableError
from amlcheck.records import dataclass

TOLERANCE = 1e-6
"""How far floats may be apart, relative to the larger one and, near zero, absolutely."""
MAX_DIFFERENCES = 12
MAX_DEPTH = 200
MAX_SHOWN = 100
"""Characters of one value in a difference."""
MAX_FILE = 64 << 20


@dataclass(frozen=True)
class Expectation:
    """What is expected of one answer. At most one of value, schema and path is asked besides the status."""

    status: int = 200
    value: Any = None
    has_value: bool = False
    schema: Any = None
    path: JsonPath | None = None
    """`value` is then expected there; where there is none, that something is there."""
    text: str = ""
    """For people."""
    tolerance: float = TOLERANCE

    def differences(self, answer: Answer) -> tuple[str, ...]:
        """Where an answer is not what is expected, one a line; empty where it is."""
        if answer.status != self.status:
            return (f"status {self.status} expected, {answer.status} found",)
        if not self.has_value and self.schema is None and self.path is None:
            return ()
        if not answer.complete:
            return (f"the answer is cut off after {len(answer.body)} bytes",)
        try:
            found = loads(answer.body)
        except ValueError as error:
            return (f"JSON expected, and the answer is none: {error}: {shown(answer.text)}",)
        if self.schema is not None:
            return tuple(_against_schema(found, self.schema))
        if self.path is not None:
            return self._at_path(found)
        return self._compared(self.value, found, "$")

    def _at_path(self, found: Any) -> tuple[str, ...]:
        assert self.path is not None
        values = self.path.find(found)
        if not values:
            return (f"{self.path.text}: nothing is there: {shown(found)}",)
        if not self.has_value:
            return ()
        if self.path.one:
            return self._compared(self.value, values[0], self.path.text)
        return self._compared(self.value, values, self.path.text)

    def _compared(self, expected: Any, found: Any, path: str) -> tuple[str, ...]:
        differences: list[str] = []
        for line in _differences(expected, found, path, self.tolerance, 0):
            if len(differences) == MAX_DIFFERENCES:
                differences.append("… and more")
                break
            differences.append(line)
        if differences and isinstance(found, str) and not isinstance(expected, str):
            hint = _json_in_a_string(expected, found, self.tolerance)
            return (hint, *differences) if hint else tuple(differences)
        return tuple(differences)


def parse_expectation(text: str, tolerance: float = TOLERANCE) -> Expectation:
    """An expectation as the command line has it: a status, JSON, a file of JSON or of JSON Schema, or $path=value.

    Raises AmlcheckError, UnreadableError.
    """
    stripped = text.strip()
    if stripped.isdecimal() and 100 <= int(stripped) <= 599:
        return Expectation(status=int(stripped), text=f"status {stripped}", tolerance=tolerance)
    if stripped.startswith("$"):
        return _path_expectation(stripped, tolerance)
    data, name = _data(text, "--expect")
    try:
        value = loads(data)
    except ValueError as error:
        raise AmlcheckError(
            f"--expect {name}: is neither a status (100 to 599), nor JSON, nor a file of JSON, nor $.path=value: {error}"
        ) from error
    if isinstance(value, dict) and "$schema" in value:
        _check_schema(value, name)
        return Expectation(schema=value, text=f"what the JSON Schema {name} asks", tolerance=tolerance)
    return Expectation(value=value, has_value=True, text=shown(value), tolerance=tolerance)


def _path_expectation(text: str, tolerance: float) -> Expectation:
    try:
        path, rest = parse_path(text)
        if not rest:
            return Expectation(path=path, text=f"something at {path.text}", tolerance=tolerance)
        written = rest.removeprefix("=").removeprefix("=").strip()
        value = loads(written.encode())
    except ValueError as error:
        raise AmlcheckError(f"--expect {text}: write it as $.path=JSON: {error}") from error
    return Expectation(
        value=value, has_value=True, path=path, text=f"{path.text} = {shown(value)}", tolerance=tolerance
    )


def _data(text: str, option: str) -> tuple[bytes, str]:
    """The content of the file that a text names, and its name; else the text itself."""
    path = read_if_file(text, option)
    return (text.encode("utf-8", "surrogateescape"), shown(text)) if path is None else (path, text)


def read_if_file(text: str, option: str) -> bytes | None:
    """The content of the file of that name; None where there is none. Raises UnreadableError where it cannot be read."""
    try:
        path = Path(text)
        if not path.is_file():
            return None
        if path.stat().st_size > MAX_FILE:
            raise UnreadableError(f"{option} {text}: has more than {MAX_FILE >> 20} MB; give a smaller file")
        return path.read_bytes()
    except ValueError:
        return None
    except OSError as error:
        if error.errno in (36, 2, 20):  # too long for a name, or no such thing: so it is no file
            return None
        raise UnreadableError(f"{option} {text}: cannot be read: {error.strerror or error}") from error


def loads(data: bytes) -> Any:
    """JSON, as strict as Python has it but for NaN and infinities, which servers do send. Raises ValueError."""
    try:
        return json.loads(data)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def shown(value: Any) -> str:
    """A value or text in one short line."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = " ".join(text.split())
    return text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 1] + "…"


def _differences(expected: Any, found: Any, path: str, tolerance: float, depth: int) -> Iterator[str]:
    if depth > MAX_DEPTH:
        yield f"{path}: nested too deeply to compare"
    elif isinstance(expected, dict) and isinstance(found, dict):
        for key in expected:
            if key not in found:
                yield f"{_key(path, key)}: {_json(expected[key])} expected, and it is missing"
            else:
                yield from _differences(expected[key], found[key], _key(path, key), tolerance, depth + 1)
        for key in found:
            if key not in expected:
                yield f"{_key(path, key)}: not expected: {_json(found[key])}"
    elif isinstance(expected, list) and isinstance(found, list):
        if len(expected) != len(found):
            yield f"{path}: {len(expected)} items expected, {len(found)} found"
        for index, (one, other) in enumerate(zip(expected, found, strict=False)):
            yield from _differences(one, other, f"{path}[{index}]", tolerance, depth + 1)
    elif not _equal(expected, found, tolerance):
        yield f"{path}: {_json(expected)} expected, {_json(found)} found"


def _key(path: str, key: str) -> str:
    return f"{path}.{key}" if key.isidentifier() else f"{path}[{json.dumps(key, ensure_ascii=False)}]"


def _json(value: Any) -> str:
    return shown(json.dumps(value, ensure_ascii=False))


def _equal(expected: Any, found: Any, tolerance: float) -> bool:
    """Whole numbers are compared exactly, true is not 1, NaN equals NaN."""
    if isinstance(expected, bool) or isinstance(found, bool):
        return expected is found
    if isinstance(expected, (int, float)) and isinstance(found, (int, float)):
        if isinstance(expected, int) and isinstance(found, int):
            return expected == found
        try:
            mine, theirs = float(expected), float(found)
        except OverflowError:
            return expected == found
        both_nan = math.isnan(mine) and math.isnan(theirs)
        return both_nan or math.isclose(mine, theirs, rel_tol=tolerance, abs_tol=tolerance)
    return type(expected) is type(found) and bool(expected == found)


def _json_in_a_string(expected: Any, found: str, tolerance: float) -> str:
    """What to say where the right value stands in a string: run() returned json.dumps(…), which the server dumps again."""
    try:
        inner = loads(found.encode())
    except ValueError:
        return ""
    if any(_differences(expected, inner, "$", tolerance, 0)):
        return ""
    return "the value is right but stands in a string: run() should return the value itself, not json.dumps(value)"


def _against_schema(found: Any, schema: Any) -> Iterator[str]:
    from jsonschema.exceptions import SchemaError, best_match
    from jsonschema.validators import validator_for

    checker = validator_for(schema)
    try:
        errors = list(checker(schema).iter_errors(found))
    except (SchemaError, RecursionError) as error:
        yield f"the schema cannot be applied: {shown(str(error))}"
        return
    best = best_match(errors)
    ordered = sorted(errors, key=lambda one: (one is not best, list(map(str, one.absolute_path))))
    for found_wrong in ordered[:MAX_DIFFERENCES]:
        yield f"{found_wrong.json_path}: {shown(found_wrong.message)}"
    if len(errors) > MAX_DIFFERENCES:
        yield "… and more"


def _check_schema(schema: Any, name: str) -> None:
    from jsonschema.exceptions import SchemaError
    from jsonschema.validators import validator_for

    if not isinstance(schema["$schema"], str):
        raise AmlcheckError(f"--expect {name}: is no valid JSON Schema: $schema must be a string")
    try:
        validator_for(schema).check_schema(schema)
    except SchemaError as error:
        raise AmlcheckError(f"--expect {name}: is no valid JSON Schema: {shown(error.message)}") from error
