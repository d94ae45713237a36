"""Basic regular expressions, as `grep` reads them without options: what `host.file(path).contains(…)` takes."""

from __future__ import annotations

import re

_OPERATORS = frozenset("(){}|+?")
"""Plain characters in a basic expression; operators where a backslash stands before them (GNU's for the last three)."""
_REPEATS = ("*", "\\+", "\\?", "\\{")


def compile_basic(expression: str) -> re.Pattern[str] | None:
    """The expression for Python, to be searched for in one line; None for what only grep itself understands the same way.

    That is: back references, classes such as [[:alpha:]], GNU's word escapes, repeats of repeats, and what grep refuses.
    """
    out: list[str] = []
    index, repeatable = 0, False
    while index < len(expression):
        for repeat in _REPEATS:
            if expression.startswith(repeat, index):
                break
        else:
            repeat = ""
        char = expression[index]
        if repeat and not repeatable:
            if repeat != "*" or (out and out[-1] not in ("^", "(", "|")):
                return None
            out.append(r"\*")
            index, repeatable = index + 1, True
        elif repeat:
            end = expression.find("\\}", index) + 2 if repeat == "\\{" else index + len(repeat)
            told = _repeat(expression[index:end], repeat)
            if told is None:
                return None
            out.append(told)
            index, repeatable = end, False
        elif char == "[":
            end = _bracket_end(expression, index)
            if end < 0:
                return None
            out.append(_bracket(expression[index:end]))
            index, repeatable = end, True
        elif char == "\\":
            if index + 1 >= len(expression) or expression[index + 1].isalnum() or expression[index + 1] in "<>'`":
                return None
            following = expression[index + 1]
            out.append(following if following in "()|" else re.escape(following))
            index, repeatable = index + 2, following not in "(|"
        elif char in "^$":
            anchors = char == "^" and (not out or out[-1] in ("(", "|"))
            anchors = anchors or (char == "$" and expression[index + 1 :][:2] in ("", "\\)", "\\|"))
            out.append(char if anchors else re.escape(char))
            index, repeatable = index + 1, not anchors
        else:
            out.append("." if char == "." else re.escape(char))
            index, repeatable = index + 1, True
    try:
        return re.compile("".join(out))
    except re.error:
        return None


def _repeat(text: str, kind: str) -> str | None:
    if kind != "\\{":
        return text.removeprefix("\\")
    match = re.fullmatch(r"\\\{(\d{0,3})(,?)(\d{0,3})\\\}", text)
    if match is None or not (match[1] or match[3]) or (match[1] and match[3] and int(match[1]) > int(match[3])):
        return None
    return f"{{{match[1]}{match[2]}{match[3]}}}" if match[1] else f"{{0,{match[3]}}}"


def _bracket_end(expression: str, start: int) -> int:
    """Behind a bracket expression; -1 where it has no end, or has what Python has not."""
    index = start + 1
    if expression[index : index + 1] == "^":
        index += 1
    end = expression.find("]", index + 1)
    inside = expression[start + 1 : end]
    return -1 if end < 0 or any(mark in inside for mark in ("[:", "[.", "[=")) else end + 1


def _bracket(text: str) -> str:
    inside = text[1:-1]
    negated = inside.startswith("^")
    inside = inside.removeprefix("^")
    # In a bracket expression a backslash is plain, "]" is plain where it comes first; Python's sets need both escaped.
    escaped = inside.replace("\\", r"\\").replace("]", r"\]").replace("[", r"\[").replace("^", r"\^")
    for operator in ("&&", "||", "~~", "--"):
        escaped = escaped.replace(operator, "".join(f"\\{char}" for char in operator))
    return f"[{'^' if negated else ''}{escaped}]"
