"""Words of a shell command after the shell's own expansion: quotes, variables, `${…}`, command substitution, splitting.

What depends on the running build (an unset variable that the base image may set, the output of a command) is a hole
with its reason.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import translate

from amlcheck.dockerfile.expand import ExpansionError, trim
from amlcheck.dockerfile.shell import Node
from amlcheck.dockerfile.source import Span
from amlcheck.dockerfile.text import Piece, Text, hole

_SIMPLE_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", "'": "'", '"': '"'}
_MAX_FIELD = 1 << 18
_MAX_PIECES = 1 << 12


@dataclass(frozen=True, slots=True)
class _Part:
    piece: Piece
    splits: bool
    """Whether blanks in it end the word: an expansion outside quotes."""


class Words:
    """Expands words against variables; `substitute` tells what a command in `$(…)` prints, None where that is unknown."""

    def __init__(self, lookup: Callable[[str], Text | None], substitute: Callable[[Node], Text | None]) -> None:
        self.lookup = lookup
        self.substitute = substitute

    def one(self, node: Node) -> Text:
        """The word as a single value, as in an assignment: nothing is split."""
        return Text(tuple(part.piece for part in self._parts(node, quoted=False)))

    def fields(self, node: Node) -> list[Text]:
        """The words that the shell makes of one: none, one or several."""
        parts = self._parts(node, quoted=False)
        if len(parts) == 1 and not parts[0].splits:
            return [Text((parts[0].piece,))]
        words: list[list[Piece]] = []
        current: list[Piece] | None = None
        for part in parts:
            if not part.splits:
                current = [*(current or []), part.piece]
                continue
            text = Text((part.piece,))
            start = 0
            for match in re.finditer(r"[ \t\n]+", part.piece.value):
                if match.start() > start:
                    current = [*(current or []), *text.slice(start, match.start()).pieces]
                if current is not None:
                    words.append(current)
                    current = None
                start = match.end()
            if start < len(part.piece.value):
                current = [*(current or []), *text.slice(start, len(part.piece.value)).pieces]
        if current is not None:
            words.append(current)
        return [Text(tuple(word)) for word in words]

    # --- nodes -------------------------------------------------------------------------------------------------------

    def _parts(self, node: Node, quoted: bool) -> list[_Part]:
        kind = node.kind
        if kind == "string":
            return self._string(node)
        if kind == "raw_string":
            return self._literal(node, node.start + 1, node.end - 1)
        if kind == "ansi_c_string":
            return self._ansi(node)
        if kind == "simple_expansion":
            return self._variable(node, quoted)
        if kind == "expansion":
            return self._expansion(node, quoted)
        if kind == "command_substitution":
            output = self.substitute(node)
            span = node.span
            if output is None:
                output = hole(f"the output of {_short(node.text)} is not known before the build", span)
            return [_Part(Piece(piece.value, span, piece.via, piece.reason), not quoted) for piece in output.pieces]
        if kind in ("concatenation", "command_name", "heredoc_body"):
            return self._sequence(node, quoted)
        if kind in ("arithmetic_expansion", "process_substitution", "brace_expression", "subscript"):
            return [_Part(hole(f"{_short(node.text)} is computed by the shell", node.span).pieces[0], False)]
        if kind == "array":
            return [part for child in node.named_children for part in [*self._parts(child, True), _blank(child.span)]]
        return self._unescaped(node)

    def _sequence(self, node: Node, quoted: bool) -> list[_Part]:
        """The children, and the characters between them, which are literal."""
        parts: list[_Part] = []
        at = node.start
        for child in node.children:
            if child.start > at:
                parts.extend(self._literal(node, at, child.start))
            parts.extend(self._parts(child, quoted))
            at = child.end
        if node.end > at:
            parts.extend(self._literal(node, at, node.end))
        return parts

    def _string(self, node: Node) -> list[_Part]:
        parts: list[_Part] = []
        at = node.start + 1
        end = node.end - 1
        for child in node.children:
            if child.kind in ("simple_expansion", "expansion", "command_substitution", "arithmetic_expansion"):
                parts.extend(self._quoted_literal(node, at, child.start))
                parts.extend(self._parts(child, quoted=True))
                at = child.end
        parts.extend(self._quoted_literal(node, at, end))
        return parts or self._literal(node, node.start, node.start)

    def _literal(self, node: Node, start: int, end: int) -> list[_Part]:
        mapped = node.script.mapped
        if end <= start:
            return [_Part(Piece("", mapped.span(start, start)), False)]
        return [
            _Part(Piece(mapped.text[low:high], mapped.span(low, high)), False) for low, high in mapped.runs(start, end)
        ]

    def _quoted_literal(self, node: Node, start: int, end: int) -> list[_Part]:
        """Inside double quotes a backslash escapes only the dollar sign, quotes, itself and the line end."""
        return self._without(node, start, end, re.compile(r'\\(?=[$`"\\\n])'), 1)

    def _unescaped(self, node: Node) -> list[_Part]:
        if "\\" not in node.text:
            return self._literal(node, node.start, node.end)
        return self._without(node, node.start, node.end, re.compile(r"\\"), 1)

    def _without(self, node: Node, start: int, end: int, escape: re.Pattern[str], width: int) -> list[_Part]:
        """Literal text without its escapes; a character after one is taken as it is."""
        if start >= end:
            return []
        text = node.script.mapped.text
        parts: list[_Part] = []
        at = start
        search = start
        while match := escape.search(text, search, end):
            if match.start() > at:
                parts.extend(self._literal(node, at, match.start()))
            at = match.end()
            search = at + width
            if text[at : at + 1] == "\n":
                at += 1
        if at < end:
            parts.extend(self._literal(node, at, end))
        return parts

    def _ansi(self, node: Node) -> list[_Part]:
        body = node.text[2:-1]
        value = re.sub(r"\\(.)", lambda match: _SIMPLE_ESCAPES.get(match.group(1), match.group(0)), body)
        return [_Part(Piece(value, node.span), False)]

    def _variable(self, node: Node, quoted: bool) -> list[_Part]:
        name = node.text[1:]
        parts = self._used(self._value(name), node.span, quoted)
        if name == "@" and quoted:  # "$@" is one word an argument: the blanks between them split, those inside do not
            return [_Part(part.piece, part.piece.value == " ") for part in parts]
        return parts

    def _value(self, name: str) -> Text:
        value = self.lookup(name)
        return Text() if value is None else value

    def _used(self, value: Text, span: Span, quoted: bool) -> list[_Part]:
        if len(value.pieces) > _MAX_PIECES or sum(len(piece.value) for piece in value.pieces) > _MAX_FIELD:
            value = hole("its value grows too long to be followed", span)
        return [_Part(Piece(piece.value, span, piece.via, piece.reason), not quoted) for piece in value.pieces]

    def _expansion(self, node: Node, quoted: bool) -> list[_Part]:
        """`${X}` with its operators; what this does not know is a hole."""
        name = ""
        operators: list[str] = []
        operands: list[Node] = []
        for field, child in node.fields():
            if child.kind in ("variable_name", "special_variable_name") and not name:
                name = child.text
            elif field == "operator" or (not child.named and child.text not in ("${", "}")):
                operators.append(child.text)
            elif child.named:
                operands.append(child)
        if not name:
            return [_Part(hole(f"{_short(node.text)} is computed by the shell", node.span).pieces[0], False)]
        value = self.lookup(name)
        operator = operators[0] if operators else ""
        if not operator:
            return self._used(value or Text(), node.span, quoted)
        operand = Text(tuple(part.piece for child in operands[:1] for part in self._parts(child, True)))
        if operator in ("-", ":-", "=", ":=", "+", ":+"):
            unset = value is None or (operator.startswith(":") and value.known and not value.value)
            if value is not None and not value.known:
                chosen = hole(value.reason, node.span)
            elif operator.endswith("+"):
                chosen = Text() if unset else operand
            else:
                chosen = operand if unset or value is None else value
            if chosen is operand:
                return [_Part(piece, not quoted) for piece in operand.pieces]
            return self._used(chosen, node.span, quoted)
        if value is not None and value.known and operator in ("#", "##", "%", "%%") and operand.known:
            pattern = Text((Piece(operator[1:] + operand.value, None),))
            try:
                return self._used(trim(value, pattern, operator[0]), node.span, quoted)
            except ExpansionError:
                pass
        if value is not None and value.known and operator in ("/", "//") and operand.known:
            replacement = Text(tuple(part.piece for child in operands[1:2] for part in self._parts(child, True)))
            if replacement.known and not set(operand.value) & set("*?[\\"):
                count = 1 if operator == "/" else -1
                replaced = value.value.replace(operand.value, replacement.value, count)
                via = value.pieces[0].via if value.pieces else ()
                return self._used(Text((Piece(replaced, node.span, via),)), node.span, quoted)
        reason = (
            value.reason if value is not None and not value.known else f"{_short(node.text)} is computed by the shell"
        )
        return [_Part(hole(reason, node.span).pieces[0], False)]


def matches(pattern: Text, value: Text) -> bool | None:
    """Whether a shell pattern (of `case` or `[[ == ]]`) matches; None where either side is not known."""
    if pattern.value == "*":
        return True
    if not pattern.known or not value.known:
        return None
    return re.compile(translate(pattern.value)).match(value.value) is not None


def _blank(span: Span) -> _Part:
    return _Part(Piece(" ", Span(span.source, span.end, span.end)), True)


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= 40 else flat[:37] + "…"
