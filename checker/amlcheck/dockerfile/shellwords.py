"""Words of a shell command after the shell's own expansion: quotes, variables, `${…}`, command substitution, splitting.

What depends on the running build (an unset variable that the base image may set, the output of a command) is a hole
with its reason.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from amlcheck.dockerfile.braces import Part, expanded
from amlcheck.dockerfile.globs import Glob, shell_glob
from amlcheck.dockerfile.shell import Node
from amlcheck.dockerfile.source import Span
from amlcheck.dockerfile.text import HOLE, MAX_VALUE, TOO_LONG, Piece, Text, hole
from amlcheck.regex import regex

_SIMPLE_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", "'": "'", '"': '"'}
MAX_GROWTH = 1 << 20
"""Characters that variables and the output of commands may bring into the words of one script."""
_ESCAPE = regex(r"\\")
_ESCAPE_IN_QUOTES = regex(r'\\(?=[$`"\\\n])')
_WILDCARD = regex(r"[*?]|\[[^][]+\]")
_SPLITS = regex(r"[ \t\n]+")
_SPECIAL = regex(r"[][*?!+@(\\]")


class Words:
    """Expands words against variables; `substitute` tells what a command in `$(…)` prints, None where that is unknown."""

    def __init__(self, lookup: Callable[[str], Text | None], substitute: Callable[[Node], Text | None]) -> None:
        self.lookup = lookup
        self.substitute = substitute
        self.bash: bool | None = None
        """Whether bash reads the script; None where that is not known."""
        self._room = MAX_GROWTH

    def one(self, node: Node) -> Text:
        """The word as a single value, as in an assignment: nothing is split."""
        return Text(tuple(part.piece for part in self._parts(node, quoted=False)))

    def pattern(self, nodes: list[Node]) -> Text | None:
        """Neighbouring nodes as one pattern, in which a backslash stands before what was quoted; None for several words."""
        pieces: list[Piece] = []
        for before, node in zip([None, *nodes], nodes, strict=False):
            if before is not None and before.end != node.start:
                return None
            for part in self._parts(node, quoted=False):
                piece = part.piece
                if part.quoted and _SPECIAL.search(piece.value):
                    piece = Piece(_SPECIAL.sub(r"\\\g<0>", piece.value), piece.span, piece.via, piece.reason)
                pieces.append(piece)
        return Text(tuple(pieces))

    def fields(self, nodes: list[Node]) -> list[Text]:
        """The words that the shell makes of one: none, one or several. The word is one node or several neighbours."""
        plain = nodes[0].plain() if len(nodes) == 1 else None
        if plain is not None:
            return [Text((Piece(*plain),))]
        parts = [part for node in nodes for part in self._parts(node, quoted=False)]
        if len(parts) == 1 and not parts[0].splits and not parts[0].bare:
            return [Text((parts[0].piece,))]
        return [field for word in expanded(parts, self.bash) for field in _split(word)]

    def listed(self, nodes: list[Node]) -> list[Text]:
        """The words of a loop's list: a pattern there stands for files, which only the build knows."""
        parts = [piece for node in nodes for part in self._parts(node, quoted=False) for piece in _without_globs(part)]
        return [field for word in expanded(parts, self.bash) for field in _split(word)]

    # --- nodes -------------------------------------------------------------------------------------------------------

    def _parts(self, node: Node, quoted: bool) -> list[Part]:
        kind = node.kind
        if kind == "string":
            return self._string(node)
        if kind == "raw_string":
            return self._literal(node, node.start + 1, node.end - 1, quoted=True)
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
            return self._used(output, span, quoted)
        if kind in ("concatenation", "command_name", "heredoc_body"):
            return self._sequence(node, quoted)
        if kind in ("arithmetic_expansion", "process_substitution", "subscript"):
            return [Part(hole(f"{_short(node.text)} is computed by the shell", node.span).pieces[0], False)]
        if kind == "array":
            return [part for child in node.named_children for part in [*self._parts(child, True), _blank(child.span)]]
        return self._unescaped(node, quoted)

    def _sequence(self, node: Node, quoted: bool) -> list[Part]:
        """The children, and the characters between them, which are literal."""
        parts: list[Part] = []
        at = node.start
        for child in node.children:
            if child.start > at:
                parts.extend(self._literal(node, at, child.start, quoted))
            parts.extend(self._parts(child, quoted))
            at = child.end
        if node.end > at:
            parts.extend(self._literal(node, at, node.end, quoted))
        return parts

    def _string(self, node: Node) -> list[Part]:
        parts: list[Part] = []
        at = node.start + 1
        end = node.end - 1
        for child in node.children:
            if child.kind in ("simple_expansion", "expansion", "command_substitution", "arithmetic_expansion"):
                parts.extend(self._quoted_literal(node, at, child.start))
                parts.extend(self._parts(child, quoted=True))
                at = child.end
        parts.extend(self._quoted_literal(node, at, end))
        return parts or self._literal(node, node.start, node.start, quoted=True)

    def _literal(self, node: Node, start: int, end: int, quoted: bool) -> list[Part]:
        mapped = node.script.mapped
        if end <= start:
            return [Part(Piece("", mapped.span(start, start)), quoted=quoted)]
        return [
            Part(Piece(mapped.text[low:high], mapped.span(low, high)), bare=not quoted, quoted=quoted)
            for low, high in mapped.runs(start, end)
        ]

    def _quoted_literal(self, node: Node, start: int, end: int) -> list[Part]:
        """Inside double quotes a backslash escapes only the dollar sign, quotes, itself and the line end."""
        return self._without(node, start, end, _ESCAPE_IN_QUOTES, quoted=True)

    def _unescaped(self, node: Node, quoted: bool) -> list[Part]:
        if "\\" not in node.text:
            return self._literal(node, node.start, node.end, quoted)
        return self._without(node, node.start, node.end, _ESCAPE, quoted)

    def _without(self, node: Node, start: int, end: int, escape: re.Pattern[str], quoted: bool) -> list[Part]:
        """Literal text without its escapes; a character after one is taken as it is."""
        text = node.script.mapped.text
        parts: list[Part] = []
        at = start
        while at < end and (match := escape.search(text, at, end)):
            if match.start() > at:
                parts.extend(self._literal(node, at, match.start(), quoted))
            at = match.end() + 1
            if match.end() < end and text[match.end()] != "\n":
                parts.extend(self._literal(node, match.end(), at, quoted=True))
        if at < end:
            parts.extend(self._literal(node, at, end, quoted))
        return parts

    def _ansi(self, node: Node) -> list[Part]:
        body = node.text[2:-1]
        value = re.sub(r"\\(.)", lambda match: _SIMPLE_ESCAPES.get(match.group(1), match.group(0)), body)
        return [Part(Piece(value, node.span), quoted=True)]

    def _variable(self, node: Node, quoted: bool) -> list[Part]:
        name = node.text[1:]
        parts = self._used(self._value(name), node.span, quoted)
        if name == "@" and quoted:  # "$@" is one word an argument: the blanks between them split, those inside do not
            return [Part(part.piece, part.piece.value == " ", quoted=True) for part in parts]
        return parts

    def _value(self, name: str) -> Text:
        value = self.lookup(name)
        return Text() if value is None else value

    def _used(self, value: Text, span: Span, quoted: bool) -> list[Part]:
        size = sum(len(piece.value) for piece in value.pieces)
        self._room -= size
        if size > MAX_VALUE or self._room < 0:
            value = hole(TOO_LONG, span)
        return [
            Part(Piece(piece.value, span, piece.via, piece.reason), splits=not quoted, quoted=quoted)
            for piece in value.pieces
        ]

    def _expansion(self, node: Node, quoted: bool) -> list[Part]:
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
            return [Part(hole(f"{_short(node.text)} is computed by the shell", node.span).pieces[0], False)]
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
                return [Part(piece, not quoted, quoted=quoted) for piece in operand.pieces]
            return self._used(chosen, node.span, quoted)
        if value is not None and value.known:
            changed = self._changed(value, operator, operand, operands, node)
            if changed is not None:
                return self._used(changed, node.span, quoted)
        reason = (
            value.reason if value is not None and not value.known else f"{_short(node.text)} is computed by the shell"
        )
        return [Part(hole(reason, node.span).pieces[0], False)]

    def _changed(self, value: Text, operator: str, operand: Text, operands: list[Node], node: Node) -> Text | None:
        """`${X#p}`, `${X%p}` and `${X/p/r}`; None where that is not known."""
        if operator in ("#", "##", "%", "%%"):
            pattern = self.pattern(operands)
            glob = shell_glob(pattern.value) if pattern is not None and pattern.known else None
            return _trimmed(value, glob, operator) if glob is not None else None
        if operator not in ("/", "//") or not operand.known or set(operand.value) & set("*?[\\"):
            return None
        replacement = Text(tuple(part.piece for child in operands[1:2] for part in self._parts(child, True)))
        if not replacement.known or not operand.value:
            return None
        count = value.value.count(operand.value)
        if count * len(replacement.value) > MAX_VALUE:
            return hole(TOO_LONG, node.span)
        replaced = value.value.replace(operand.value, replacement.value, 1 if operator == "/" else -1)
        via = value.pieces[0].via if value.pieces else ()
        return Text((Piece(replaced, node.span, via),))


def _trimmed(value: Text, glob: Glob, operator: str) -> Text:
    """The value without what the pattern takes from one of its ends: as much as it can for a doubled operator."""
    chars = value.value
    longest = len(operator) == 2
    if operator[0] == "#":
        end = glob.end(chars, longest=longest)
        return value if end is None else value.slice(end, len(chars))
    end = glob.backwards().end(chars[::-1], longest=longest)
    return value if end is None else value.slice(0, len(chars) - end)


def neighbours(nodes: list[Node]) -> list[list[Node]]:
    """Nodes in groups between which there is something: tree-sitter cuts some words in two, at an escape say."""
    groups: list[list[Node]] = []
    for node in nodes:
        if groups and groups[-1][-1].end == node.start:
            groups[-1].append(node)
        else:
            groups.append([node])
    return groups


def _without_globs(part: Part) -> list[Part]:
    """The part, with a hole for each wildcard that the shell would match with the names of files."""
    if part.quoted or not _WILDCARD.search(part.piece.value):
        return [part]
    text = Text((part.piece,))
    found: list[Part] = []
    at = 0
    for match in _WILDCARD.finditer(part.piece.value):
        found.extend(Part(piece, part.splits, part.bare) for piece in text.slice(at, match.start()).pieces)
        place = text.slice(*match.span()).pieces[0]
        reason = f"which files {_short(part.piece.value)} stands for is not known before the build"
        found.append(Part(Piece(HOLE, place.span, place.via, reason)))
        at = match.end()
    return [*found, *(Part(piece, part.splits, part.bare) for piece in text.slice(at, len(text.value)).pieces)]


def _split(parts: list[Part]) -> list[Text]:
    """A word's parts as the words that remain once blanks of unquoted expansions have split it."""
    words: list[Text] = []
    current: list[Piece] | None = None
    for part in parts:
        if not part.splits:
            current = current if current is not None else []
            current.append(part.piece)
            continue
        text = Text((part.piece,))
        start = 0
        for match in _SPLITS.finditer(part.piece.value):
            if match.start() > start:
                current = [*(current or []), *text.slice(start, match.start()).pieces]
            if current is not None:
                words.append(Text(tuple(current)))
                current = None
            start = match.end()
        if start < len(part.piece.value):
            current = current if current is not None else []
            current.extend(text.slice(start, len(part.piece.value)).pieces)
    if current is not None:
        words.append(Text(tuple(current)))
    return words


def matches(pattern: Text | None, value: Text) -> bool | None:
    """Whether a shell pattern (of `case` or `[[ == ]]`) matches; None where either side is not known."""
    if pattern is None or (pattern.value != "*" and not (pattern.known and value.known)):
        return None
    glob = shell_glob(pattern.value)
    return None if glob is None else pattern.value == "*" or glob.matches(value.value)


def _blank(span: Span) -> Part:
    return Part(Piece(" ", Span(span.source, span.end, span.end)), True)


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= 40 else flat[:37] + "…"
