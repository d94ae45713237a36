"""JSON with an indent of two, as `json.dumps(data, indent=2, ensure_ascii=False)` writes it, in a third of the time.

With an indent the standard library's encoder goes through a generator for every value: 0.6 s of the 0.9 s that the report
on a thousand Dockerfiles took to write (docs/performance.md).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from json.encoder import encode_basestring
from typing import Any

_CONSTANTS = {None: "null", True: "true", False: "false"}


def indented(data: Any) -> str:
    """The text, without a newline at its end. What is no UTF-8 (half a surrogate pair) becomes a question mark."""
    return _value(data, "\n").encode("utf-8", "replace").decode()


def _value(value: Any, line: str) -> str:
    """`line`: a line's end and the indent of what follows it."""
    if isinstance(value, str):
        return encode_basestring(value)
    if value is None or value is True or value is False:
        return _CONSTANTS[value]
    if type(value) is int:
        return str(value)
    if isinstance(value, Mapping):
        if not value:
            return "{}"
        inner = f"{line}  "
        items = f",{inner}".join([f"{encode_basestring(key)}: {_value(item, inner)}" for key, item in value.items()])
        return f"{{{inner}{items}{line}}}"
    if isinstance(value, (list, tuple)):
        if not value:
            return "[]"
        inner = f"{line}  "
        return f"[{inner}{f',{inner}'.join([_value(item, inner) for item in value])}{line}]"
    return json.dumps(value)
