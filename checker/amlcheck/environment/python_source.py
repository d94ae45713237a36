"""A Python file as a syntax tree whose nodes know their place. Nothing of it is ever executed."""

from __future__ import annotations

import ast
import re
import sys
import warnings
from functools import cached_property

from amlcheck.dockerfile.source import Mapped, Span
from amlcheck.environment.document import Problem
from amlcheck.environment.limits import MAX_CHARACTERS, TOO_LONG
from amlcheck.records import dataclass
from amlcheck.regex import regex

OWN = (sys.version_info.major, sys.version_info.minor)
"""The Python whose grammar reads the files."""
_MAYBE_NEWER = regex(
    r"\b[rRbB]?[fFtT][rRbB]?[\"']|^\s*type\s+\w|^\s*(?:def|class)\s+\w+\s*\[|^\s*except\*?\s+\w[\w.]*\s*,"
)


@dataclass(frozen=True, eq=False)
class Program:
    """A file and its syntax tree."""

    mapped: Mapped
    tree: ast.Module | None
    problem: Problem | None = None
    """Why it is no Python, where it is none in this Python's grammar."""
    problem_line: str = ""

    @property
    def maybe_newer(self) -> bool:
        """Whether what this Python's grammar refuses may be the syntax of a newer one."""
        return bool(_MAYBE_NEWER.search(self.problem_line))

    @cached_property
    def _lines(self) -> list[tuple[int, bytes]]:
        """Each line's offset and, where it is not plain ASCII, its bytes: columns of the tree count bytes."""
        found: list[tuple[int, bytes]] = []
        at = 0
        for line in re.split(r"(?<=\n)|(?<=\r)(?!\n)", self.mapped.text):
            found.append((at, b"" if line.isascii() else line.encode("utf-8")))
            at += len(line)
        return found

    def offset(self, line: int, column: int) -> int:
        """The character at a place of the tree (lines from 1, columns in bytes from 0)."""
        start, content = self._lines[min(line, len(self._lines)) - 1]
        return start + (len(content[:column].decode("utf-8", "replace")) if content else column)

    def span(self, node: ast.AST) -> Span:
        """Where a node stands."""
        line, column = getattr(node, "lineno", 1), getattr(node, "col_offset", 0)
        start = self.offset(line, column)
        end = self.offset(getattr(node, "end_lineno", None) or line, getattr(node, "end_col_offset", None) or column)
        return self.mapped.span(start, max(start, end))

    def name_span(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> Span:
        """The name in a definition."""
        start = self.offset(node.lineno, node.col_offset)
        at = self.mapped.text.find(node.name, start + len("def"))
        return self.mapped.span(at, at + len(node.name)) if at >= 0 else self.span(node)


def parse(mapped: Mapped) -> Program:
    """The program in a file. Never raises."""
    text = mapped.text
    if len(text) > MAX_CHARACTERS:
        return Program(mapped, None, Problem(TOO_LONG, mapped.span(0, 1)))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return Program(mapped, ast.parse(text))
    except SyntaxError as error:
        return _broken(mapped, error)
    except (RecursionError, MemoryError):
        return Program(mapped, None, Problem("it is nested too deeply to be read", mapped.span(0, 1)), "f''")
    except ValueError as error:  # a null character
        at = max(text.find("\0"), 0)
        return Program(mapped, None, Problem(str(error), mapped.span(at, at + 1)))


def _broken(mapped: Mapped, error: SyntaxError) -> Program:
    lines = re.split(r"\r\n|\n|\r", mapped.text)
    number = min(max(error.lineno or 1, 1), len(lines))
    line = lines[number - 1]
    column = min(max((error.offset or 1) - 1, 0), max(len(line) - 1, 0))
    starts = [0, *(match.end() for match in re.finditer(r"\r\n|\n|\r", mapped.text))]
    at = min(starts[number - 1] + column, max(len(mapped.text) - 1, 0))
    message = (error.msg or "invalid syntax").split(" (<unknown>")[0]
    return Program(mapped, None, Problem(message, mapped.span(at, min(at + 1, len(mapped.text)))), line)
