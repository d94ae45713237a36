"""The pages of the rules that a report names, from the little Markdown that they are written in.

That is headings, paragraphs, lists, fences, `code`, and addresses of the web; anything else stays as it is written.
"""

from __future__ import annotations

from collections.abc import Iterator

from amlcheck.catalog import Catalog, Rule
from amlcheck.regex import regex
from amlcheck.report.html.markup import Markup, join, tag, text, with_code

_ADDRESS = regex(r"https://[^\s<>\"'`)\]]+[^\s<>\"'`)\].,;:]")
_ITEM = regex(r"[-*] ")
_EXAMPLES = {"Bad": "bad", "Good": "good", "Undecided": "undecided"}


def anchor(rule: str) -> str:
    """Where a rule's page stands."""
    return f"rule-{rule}"


def page(rule: Rule) -> Markup:
    """One rule's page."""
    title, _, body = rule.page.partition("\n")
    return tag(
        "details",
        tag("summary", tag("h3", tag("span", rule.id, class_="id"), f" {title}")),
        tag("p", rule.name, class_="quiet"),
        *_blocks(body.split("\n")),
        class_="rule",
        id=anchor(rule.id),
    )


def pages(names: set[str], known: Catalog) -> list[Markup]:
    """The pages of the rules with these IDs, in order; a rule of the user's own has none."""
    return [page(rule) for rule in known.rules if rule.id in names]


def _blocks(lines: list[str]) -> Iterator[Markup]:
    example = ""
    index = 0
    while index < len(lines):
        line = lines[index]
        index += 1
        if line.startswith("## "):
            example = _EXAMPLES.get(line[3:].strip(), "")
            yield tag("h4", line[3:].strip())
        elif line.startswith("```"):
            end = next((at for at in range(index, len(lines)) if lines[at].startswith("```")), len(lines))
            yield from _fence(line[3:], lines[index:end], example)
            index = end + 1
        elif line.strip():
            start, index = index - 1, _end_of_block(lines, index)
            yield _block(lines[start:index])


def _end_of_block(lines: list[str], index: int) -> int:
    while index < len(lines) and lines[index].strip() and not lines[index].startswith(("```", "## ")):
        index += 1
    return index


def _fence(info: str, lines: list[str], example: str) -> Iterator[Markup]:
    """An example, and above it what belongs to it: the file's name, or the options it is checked with."""
    _, _, options = info.strip().partition(" ")
    if options:
        beside = options.startswith("+ ")
        shown = options.removeprefix("+ ")
        yield tag("p", "beside it " if beside else "with " if shown.startswith("-") else None, tag("code", shown))
    yield tag("pre", "\n".join(lines), class_=f"example {example}".rstrip())


def _block(lines: list[str]) -> Markup:
    if not _ITEM.match(lines[0]):
        return tag("p", inline(" ".join(line.strip() for line in lines)))
    items: list[list[str]] = []
    for line in lines:
        if _ITEM.match(line):
            items.append([line[2:].strip()])
        else:
            items[-1].append(line.strip())
    return tag("ul", *(tag("li", inline(" ".join(item))) for item in items))


def inline(words: str) -> Markup:
    """Text with its `code`, and its https addresses as links."""
    parts: list[Markup] = []
    at = 0
    for match in _ADDRESS.finditer(words):
        before = words[at : match.start()]
        if before.count("`") % 2:  # inside code
            continue
        parts.append(with_code(before))
        parts.append(tag("a", match[0], href=match[0], rel="noreferrer"))
        at = match.end()
    rest = words[at:]
    return join([*parts, with_code(rest)]) if parts else with_code(rest) if "`" in rest else text(rest)
