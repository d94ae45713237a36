"""Entries of YAML and JSON put in, taken out and renamed, in the layout that is there: a line of a block, a part of a flow.

What stands in a Python program is left to its author.
"""

from __future__ import annotations

from amlcheck.dockerfile.source import Mapped, Source, Span
from amlcheck.environment.document import Entry, Mapping, Node, Scalar, Sequence, walk
from amlcheck.environment.json_reader import read_json
from amlcheck.environment.yaml_reader import read_yaml
from amlcheck.fixing.case import Case
from amlcheck.fixing.edits import inserted, newline_at, replaced
from amlcheck.model import Edit
from amlcheck.regex import regex

_DASH = regex(r"[ \t]*-[ \t]+")
_BLANK = regex(r"[ \t]*")


def tree(case: Case, path: str) -> Node | None:
    """A YAML or JSON file of the report, read once more with all its nodes."""
    source = case.source(path)
    if source is None:
        return None
    if path.lower().endswith(".json"):
        return read_json(Mapped.of(source)).root
    return read_yaml(Mapped.of(source)).root if path.lower().endswith((".yml", ".yaml")) else None


def entry_at(root: Node | None, key: Span | None) -> tuple[Mapping, Entry] | None:
    """The entry whose key stands at a place, and the mapping that it is in."""
    if key is None:
        return None
    for node in walk(root):
        if isinstance(node, Mapping):
            for entry in node.entries:
                if (entry.key_span.start, entry.key_span.end) == (key.start, key.end):
                    return node, entry
    return None


def is_flow(node: Node) -> bool:
    """Whether a list or mapping is written in brackets."""
    return node.span.text[:1] in ("[", "{")


def is_json(source: Source) -> bool:
    return source.path.lower().endswith(".json")


def quoted(source: Source, words: str) -> str:
    """A plain word as the file's format takes it."""
    return f'"{words}"' if is_json(source) else words


def line_of(source: Source, offset: int) -> tuple[int, int]:
    """Where the line of a character starts, and where the next one starts."""
    start = source.text.rfind("\n", 0, offset) + 1
    end = source.text.find("\n", offset)
    return start, len(source.text) if end < 0 else end + 1


def added(sequence: Sequence, words: str) -> Edit | None:
    """One more item at the end of a list; None where its layout is not understood."""
    source = sequence.span.source
    if is_flow(sequence):
        if not sequence.items:
            return inserted(source, sequence.span.start + 1, quoted(source, words))
        return inserted(source, sequence.items[-1].span.end, f", {quoted(source, words)}")
    last = sequence.items[-1] if sequence.items else None
    if not isinstance(last, Scalar) or "\n" in last.span.text:
        return in_front(sequence.items[0], words) if sequence.items else None
    start, following = line_of(source, last.span.start)
    dash = _DASH.match(source.text, start, last.span.start)
    if dash is None or dash.end() != last.span.start:
        return None
    newline = newline_at(source.text, start)
    if following == len(source.text) and not source.text.endswith("\n"):
        return inserted(source, following, f"{newline}{dash.group(0)}{words}")
    return inserted(source, following, f"{dash.group(0)}{words}{newline}")


def in_front(item: Node, words: str) -> Edit | None:
    """One more item in front of one; None where the layout is not understood."""
    source = item.span.source
    start, _ = line_of(source, item.span.start)
    dash = _DASH.match(source.text, start, item.span.start)
    if dash is not None and dash.end() == item.span.start:
        return inserted(source, start, f"{dash.group(0)}{words}{newline_at(source.text, start)}")
    return None


def in_front_in_flow(item: Node, words: str) -> Edit:
    """One more item in front of one that stands in brackets."""
    source = item.span.source
    return inserted(source, item.span.start, f"{quoted(source, words)}, ")


def without(sequence: Sequence, item: Node) -> Edit | None:
    """A list without one of its items: its line, or its words and a comma. None where nothing else would be left."""
    source = sequence.span.source
    if len(sequence.items) < 2:
        return None
    if not is_flow(sequence):
        start, following = line_of(source, item.span.start)
        dash = _DASH.match(source.text, start, item.span.start)
        one_line = dash is not None and dash.end() == item.span.start and item.span.end <= following
        return replaced(source.span(start, following), "") if one_line else None
    index = sequence.items.index(item)
    if index + 1 < len(sequence.items):
        return replaced(source.span(item.span.start, sequence.items[index + 1].span.start), "")
    return replaced(source.span(sequence.items[index - 1].span.end, item.span.end), "")


def entry_in_front(entry: Entry, words_json: str, words_yaml: list[str]) -> Edit | None:
    """One more key in front of one; None where the layout is not understood."""
    source = entry.key_span.source
    start, _ = line_of(source, entry.key_span.start)
    opening = entry.key_span.start - 1 if source.text[entry.key_span.start - 1 : entry.key_span.start] == '"' else None
    if is_json(source):
        at = opening if opening is not None else entry.key_span.start
        blank = _BLANK.match(source.text, start, at)
        alone = blank is not None and blank.end() == at
        separator = f"{newline_at(source.text, start)}{source.text[start:at]}" if alone else " "
        return inserted(source, at, f"{words_json},{separator}")
    blank = _BLANK.match(source.text, start, entry.key_span.start)
    if blank is None or blank.end() != entry.key_span.start:
        return None
    newline = newline_at(source.text, start)
    return inserted(source, start, "".join(f"{blank.group(0)}{line}{newline}" for line in words_yaml))


def renamed(entry: Entry, name: str) -> Edit | None:
    """Another key, in the quotes that it has."""
    words = entry.key_span.text
    if words == entry.key:
        return replaced(entry.key_span, name)
    if words[1:-1] == entry.key and words[:1] == words[-1:] and words[:1] in "\"'":
        source = entry.key_span.source
        return replaced(source.span(entry.key_span.start + 1, entry.key_span.end - 1), name)
    return None
