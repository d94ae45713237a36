"""Whole lines put into a Dockerfile: before or after an instruction, with the line ends that are there."""

from __future__ import annotations

import re
from collections.abc import Iterator

from amlcheck.dockerfile.built import Built
from amlcheck.dockerfile.reader import Dockerfile, Instruction
from amlcheck.dockerfile.source import Source
from amlcheck.fixing.case import Case, safe, unsafe
from amlcheck.fixing.edits import inserted, newline_at, replaced
from amlcheck.model import Edit, Repair


def line_start(source: Source, line: int) -> int:
    """The offset at which a line (from 1) starts; the end of the text for the line after the last."""
    at = 0
    for _ in range(line - 1):
        found = source.text.find("\n", at)
        if found < 0:
            return len(source.text)
        at = found + 1
    return at


def before(source: Source, instruction: Instruction, words: str) -> Edit:
    """A line in front of an instruction, below what is commented above it."""
    at = line_start(source, instruction.start_line)
    text = source.text
    if at == 0 and text.startswith("\ufeff"):
        at = 1
    start = instruction.keyword_span.start
    indentation = text[at:start] if text[at:start].strip(" \t") == "" else ""
    return inserted(source, at, f"{indentation}{words}{newline_at(text, at)}")


def after(source: Source, instruction: Instruction, words: str) -> Edit:
    """A line behind an instruction and its heredocs."""
    text = source.text
    at = line_start(source, instruction.end_line + 1)
    newline = newline_at(text, max(at - 1, 0))
    if at == len(text) and not text.endswith("\n"):
        return inserted(source, at, f"{newline}{words}")
    return inserted(source, at, f"{words}{newline}")


def last_from(dockerfile: Dockerfile) -> Instruction | None:
    """The FROM of the last stage."""
    found = [item for item in dockerfile.instructions if item.keyword == "FROM" and not item.broken]
    return found[-1] if found else None


def exposed(built: Built, port: str) -> Iterator[Repair]:
    """An EXPOSE behind the last one, else in front of what is started, else at the end."""
    dockerfile = built.dockerfile
    source = dockerfile.source
    starts = [item for item in (built.cmd, built.entrypoint) if item is not None]
    if built.exposed:
        edit = after(source, built.exposed[-1].instruction, f"EXPOSE {port}")
    elif starts:
        edit = before(source, min(starts, key=lambda item: item.start_line), f"EXPOSE {port}")
    elif dockerfile.instructions:
        edit = after(source, dockerfile.instructions[-1], f"EXPOSE {port}")
    else:
        return
    yield safe(f"add EXPOSE {port}", edit)


def nearest_word(case: Case) -> Iterator[Repair]:
    """The known instruction or flag that is nearest to an unknown one."""
    meant = re.fullmatch(r"did you mean (?P<flag>--)?(?P<word>[\w-]+)\?", case.item.fix)
    span = case.span(case.location)
    written = re.match(r"(--)?[\w-]+", span.text) if span is not None else None
    if meant is None or span is None or written is None or bool(meant["flag"]) is not bool(written[1]):
        return
    word = meant["word"].lower() if written[0].islower() else meant["word"]
    own = span.source.span(span.start + len(written[1] or ""), span.start + written.end())
    yield unsafe(f"write {meant['flag'] or ''}{meant['word']}", replaced(own, word))


def continued(case: Case) -> Iterator[Repair]:
    """A continuation at the end of a RUN whose next line is indented, and is no instruction."""
    span = case.span(case.location)
    if span is None or "continuation" not in case.item.fix:
        return
    text = span.source.text
    start = text.rfind("\n", 0, span.start) + 1
    line = span.source.position(span.start)[0]
    above = [item for item in case.image.dockerfile.instructions if item.end_line < line]
    last = above[-1] if above else None
    if last is None or last.keyword != "RUN" or last.end_line != line - 1 or last.heredocs or start == span.start:
        return
    end = start - 1 - (text[start - 2 : start] == "\r\n")
    if text[start : span.start].strip(" \t") or "#" in text[text.rfind("\n", 0, end) + 1 : end]:
        return
    yield unsafe("continue the line before", inserted(span.source, end, f" {case.image.dockerfile.escape}"))


def without_comment(case: Case) -> Iterator[Repair]:
    """The file without a comment: its line, or what stands behind the words of one. Only one that names a single rule."""
    span = case.span(case.location)
    if span is None or not re.search(r"ignore(?:-file)?\s*=\s*[\w-]+\s+\w+=", span.text):
        return
    text = span.source.text
    start = text.rfind("\n", 0, span.start) + 1
    start += text.startswith("\ufeff", start)
    end = text.find("\n", span.start)
    if text[start : span.start].strip(" \t"):
        start, end = len(text[: span.start].rstrip(" \t")), span.end
    elif end < 0:
        start, end = max(start - 1, 0), len(text)
    else:
        end += 1
    yield safe("remove the comment", replaced(span.source.span(start, end), ""))
