"""azureml-defaults raised, pinned or added where Python packages are asked for: words of pip, requirements and conda files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from amlcheck.dockerfile.built import Package
from amlcheck.dockerfile.interpreters import effective_python
from amlcheck.dockerfile.source import Span
from amlcheck.dockerfile.text import Text
from amlcheck.environment.document import Scalar, Sequence, walk
from amlcheck.environment.specs import pip_spec
from amlcheck.fixing import releases
from amlcheck.fixing.case import Case, unsafe
from amlcheck.fixing.edits import inserted, newline_at, replaced
from amlcheck.fixing.lists import line_of, tree, without
from amlcheck.fixing.words import origin, rewritten, stands_alone
from amlcheck.model import Edit, Repair
from amlcheck.regex import regex
from amlcheck.versions import VersionSet

DEFAULTS = "azureml-defaults"
_SINGLE = regex(r"\s*(?:===?|~=)\s*(?P<version>[\w!+.-]+?(?:\.\*)?)\s*(?:;.*)?", re.DOTALL)
_RANGE = regex(r"\s*(?P<all>\(?[<>=!~][^;]*?)\s*(?:;.*)?", re.DOTALL)


def raised(case: Case, words: Iterable[Text | None], python: VersionSet | None) -> Iterator[Repair]:
    """Another release in the words that ask for azureml-defaults; the last words first, as they count."""
    for word in reversed(list(words)):
        for release in releases.defaults(case, python):
            edit = with_version(case, word, release) if word is not None and _has_version(word) else None
            if edit is not None:
                yield unsafe(f"raise {DEFAULTS} to {release}", edit)


def pinned(case: Case, words: Iterable[Text | None], python: VersionSet | None) -> Iterator[Repair]:
    """The same, where no version is asked for yet."""
    for word in words:
        release = next(releases.defaults(case, python), None)
        edit = with_version(case, word, release) if word is not None and release is not None else None
        if edit is not None:
            yield unsafe(f"pin {DEFAULTS} to {release}", edit)


def _has_version(word: Text) -> bool:
    """Whether a requirement says itself which version it asks for: else a constraint does, elsewhere."""
    spec = pip_spec(word)
    return spec is not None and spec.versions is not None


def with_version(case: Case, word: Text, release: str) -> Edit | None:
    """A requirement that asks for one release; None where its words cannot be changed."""
    spec = pip_spec(word)
    if spec is None or _is_hashed(case, word):
        return None
    part = spec.version_part
    if part is None:
        return _appended(case, word, release)
    single = _SINGLE.fullmatch(part.value)
    if single is not None:
        return rewritten(case, part.slice(*single.span("version")), release)
    several = _RANGE.fullmatch(part.value)
    if several is None:
        return _before_marker(case, word, part, release)
    return rewritten(case, part.slice(*several.span("all")), f"=={release}")


def _appended(case: Case, word: Text, release: str) -> Edit | None:
    """A version behind a name that has none."""
    name = re.match(r"\s*[A-Za-z0-9._-]+(?:\s*\[[^\]]*\])?", word.value)
    if name is None:
        return None
    span = origin(case, word.slice(0, name.end()))
    if span is not None and span.source.text[span.end : span.end + 1] in ("<", ">", "=", "!", "~"):
        return None  # the shell takes the rest of it for a redirection
    return inserted(span.source, span.end, f"=={release}") if span is not None else None


def _before_marker(case: Case, word: Text, part: Text, release: str) -> Edit | None:
    """A version between a name and its environment marker."""
    return _appended(case, word, release) if part.value.lstrip().startswith(";") else None


def _is_hashed(case: Case, word: Text) -> bool:
    """Whether a requirement has hashes, which another release has not."""
    span = origin(case, word)
    if span is None:
        return False
    rest = span.source.text[span.end : span.end + 2000]
    own = re.match(r"(?:[^\\\n]|\\\r?\n|\\.)*", rest)
    return own is not None and "--hash" in own.group(0)


def listed(case: Case, python: VersionSet | None) -> Iterator[Repair]:
    """The package behind the last one that pip installs where `python` finds it: in the same list, or a line of its own."""
    release = next(releases.defaults(case, python), None)
    here = effective_python(case.image).place
    there = [item for item in case.image.named(*_names(case)) if item.manager == "pip" and item.certain]
    for package in reversed([item for item in there if item.place == here or not here]):
        span = origin(case, package.written) if package.written is not None else None
        if span is None or release is None:
            continue
        words = f"{DEFAULTS}=={release}"
        own = span.source.path == case.image.dockerfile.source.path
        if own and stands_alone(span):
            yield unsafe(f"install {words}", inserted(span.source, span.end, f" {words}"))
        elif not own and span.source.path.endswith(".txt"):
            yield unsafe(f"list {words}", line_behind(span, words))


def _names(case: Case) -> set[str]:
    return {item.name for item in case.image.packages if item.manager == "pip"}


def line_behind(span: Span, words: str) -> Edit:
    """A line of its own behind the one that some words end in; behind its continuations, where it has some."""
    text = span.source.text
    end = text.find("\n", span.end)
    while end > 0 and text[:end].rstrip("\r").endswith("\\"):
        end = text.find("\n", end + 1)
    newline = newline_at(text, span.start)
    return (
        inserted(span.source, end + 1, f"{words}{newline}")
        if end >= 0
        else inserted(span.source, len(text), f"{newline}{words}")
    )


def left_out(case: Case, package: Package) -> Iterator[Repair]:
    """The list that a package is in without it, where something else is left in it."""
    span = origin(case, package.written) if package.written is not None else None
    if span is None:
        return
    title = f"leave out {package.name}"
    if span.source.path != case.image.dockerfile.source.path:
        edit = _without_line(case, span)
        if edit is not None:
            yield unsafe(title, edit)
        return
    others = [item for item in case.image.packages if item.instruction is package.instruction and item is not package]
    spans = [origin(case, item.written) for item in others if item.manager == "pip" and item.written is not None]
    if stands_alone(span) and any(item is not None and _in_one_command(span, item) for item in spans):
        start = span.start
        text = span.source.text
        while text[start - 1] in " \t":
            start -= 1
        if text[start - 1] == "\n":  # alone at the start of a line: the blanks before it keep their place
            start = span.start
        yield unsafe(title, replaced(Span(span.source, start, span.end), ""))


def _in_one_command(one: Span, other: Span) -> bool:
    """Whether nothing between two words ends a command."""
    if one.source is not other.source or one.start == other.start:
        return False
    first, second = sorted((one, other), key=lambda item: item.start)
    between = one.source.text[first.end : second.start]
    return not re.search(r"[;&|()]|(?<!\\)\r?\n", between)


def _without_line(case: Case, span: Span) -> Edit | None:
    """A requirements or conda file without the line of a package."""
    source = span.source
    for node in walk(tree(case, source.path)):
        if isinstance(node, Sequence):
            for item in node.items:
                if item.span.start <= span.start and span.end <= item.span.end and isinstance(item, Scalar):
                    return without(node, item)
    start, following = line_of(source, span.start)
    alone = source.text[start:following].strip() == span.text and not source.text[:start].rstrip("\r\n").endswith("\\")
    return replaced(source.span(start, following), "") if alone and source.path.endswith(".txt") else None
