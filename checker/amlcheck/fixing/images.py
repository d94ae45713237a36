"""The names of images: a tag where there is none, the successor of a deprecated one, a host that was mistyped."""

from __future__ import annotations

import re
from collections.abc import Iterator

from amlcheck.dockerfile.text import Text
from amlcheck.fixing.case import Case, unsafe
from amlcheck.fixing.edits import inserted
from amlcheck.fixing.words import origin, rewritten
from amlcheck.model import Repair
from amlcheck.reference import Reference


def tagged(case: Case, word: Text, reference: Reference) -> Iterator[Repair]:
    """The tag that rules/remedies.toml has for a repository, in place of `latest` or behind the name."""
    tag = case.remedies.data["tags"].get(case.knowledge.mirrored(reference.repository))
    word = word.strip()
    if tag is None or reference.digest:
        return
    if reference.tag:
        edit = rewritten(case, word.slice(len(word.value) - len(reference.tag), len(word.value)), tag)
        if edit is not None:
            yield unsafe(f"pin the tag to {tag}", edit)
        return
    last = word.slice(word.value.rfind("/") + 1, len(word.value))
    span = origin(case, last)
    if span is not None:
        yield unsafe(f"pin the tag to {tag}", inserted(span.source, span.end, f":{tag}"))


def succeeded(case: Case, word: Text, reference: Reference) -> Iterator[Repair]:
    """The image that its publisher names as the successor of a deprecated one."""
    word = word.strip()
    for entry in case.remedies.data["successor"]:
        if re.fullmatch(entry["repository"], case.knowledge.mirrored(reference.repository)) is None:
            continue
        edit = rewritten(case, word, entry["image"])
        if edit is None:
            host, slash, rest = entry["image"].partition("/")
            if slash and word.value.startswith(f"{host}/"):
                edit = rewritten(case, word.slice(len(host) + 1, len(word.value)), rest)
        if edit is not None:
            yield unsafe(f"move to {entry['image']}", edit)
        return


def with_host(case: Case, word: Text, wrong: str, right: str) -> Iterator[Repair]:
    """Another host in an image's name or a registry's address."""
    at = word.value.lower().find(wrong)
    edit = rewritten(case, word.slice(at, at + len(wrong)), right) if at >= 0 else None
    if edit is not None:
        yield unsafe(f"write {right}", edit)
