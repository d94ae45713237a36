"""Texts that are no Dockerfile at all: what each is instead, and what is done with it."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from amlcheck.dockerfile.canonical import Problem
from amlcheck.regex import regex

if TYPE_CHECKING:
    from amlcheck.dockerfile.reader import Instruction

_LOOKED_AT = 4096
"""Characters at the beginning that tell what a text is."""
_JSON = regex(r"\{\s*(?:\"|\}|\Z)|\[\s*(?:[\[{\"\]\d-]|\Z)")
_XML = regex(r"<(?:\?xml|!DOCTYPE|!--|[A-Za-z][\w:.-]*[\s/>])", re.IGNORECASE)
_HTML = regex(r"<(?:!DOCTYPE\s+html|html|head|body)\b", re.IGNORECASE)
_YAML = regex(r"(?:---[^\n]*\n|%YAML[^\n]*\n|[ \t]*#[^\n]*\n|\s)*(?:- )?[\w\"'$.-]+\s*:(?:[ \t\r\n]|\Z)")
_RESULT = "`amlcheck report FILE` shows it"


def what_it_is(text: str) -> tuple[str, str] | None:
    """What a text is, by how it begins, and what to do with it; None for what may be a Dockerfile."""
    head = text[:_LOOKED_AT].lstrip("\ufeff \t\r\n")
    if _JSON.match(head):
        if '"amlcheck/' in head:
            return "a result of amlcheck", _RESULT
        if "sarif" in head.lower() and ('"$schema"' in head or '"runs"' in head):
            return "a SARIF log", "`amlcheck report` goes through results of --format json: write one beside it"
        return "JSON", "JSON that states an environment is checked under a name that ends in .json"
    if _HTML.match(head):
        return "HTML", "open it in a browser; `amlcheck report` goes through results of --format json"
    if _XML.match(head):
        return "XML", "`amlcheck report` goes through results of --format json"
    return None


def not_for_checking(shown: str, it_is: tuple[str, str]) -> str:
    """The sentence for a file that nobody checks."""
    kind, remedy = it_is
    return f"{shown}: is {kind}, no Dockerfile and no environment; {remedy.replace('FILE', shown)}"


def no_dockerfile(shown: str, text: str, instructions: Sequence[Instruction], known: Collection[str]) -> Problem | None:
    """The one thing to say of a text of which no line is an instruction; None for a Dockerfile, however broken."""
    if not instructions:
        return None
    first = instructions[0].keyword_span
    it_is = what_it_is(text)
    if it_is is not None:
        kind, remedy = it_is
        return Problem(first, f"this is no Dockerfile but {kind}", remedy.replace("FILE", shown))
    unknown = [instruction for instruction in instructions if instruction.keyword not in known]
    if len(unknown) < 2 or any(one.keyword in known and one.keyword != "FROM" for one in instructions):
        return None
    if _YAML.match(text[:_LOOKED_AT].lstrip("\ufeff")):
        return Problem(
            first,
            "this is no Dockerfile but YAML",
            "a conda file, or YAML that states an environment, is checked under a name that ends in .yml",
        )
    return Problem(first, "this is no Dockerfile: none of its lines is an instruction", "name the Dockerfile")
