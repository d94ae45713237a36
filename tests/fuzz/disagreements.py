"""Where the reader and BuildKit's parser of the age of PyPI's `dockerfile` differ, and why. docs/robustness.md explains each.

In every class BuildKit of today does as the reader does. A disagreement is classed by the first instruction that differs:
what follows is often shifted by it.
"""

from __future__ import annotations

import re
from typing import Any

from amlcheck.dockerfile.reader import Dockerfile

UNEXPLAINED = "unexplained"
AFTER_JSON = "text after a JSON array"
BLANK_HEREDOC = "blanks between << and its name"
FLAG_ESCAPE = "escapes in flags under escape="
CHECK = "the directive check="
DIRECTIVE_BLANK = "an odd blank in a directive"
HALF_CHARACTER = "a flag that ends within a character"
LOST_WORD = "a here-document beside a substitution that the older one does not know"
TRIGGER = "ONBUILD of ONBUILD"
NUMBERS = "an array of something else than strings, with text after it"


def classify(found: Dockerfile, ours: list[Any], theirs: list[Any] | None) -> str:
    """The class of a disagreement; `theirs` is None where BuildKit refuses the file."""
    if "check" in found.directives:
        return CHECK
    if any(not span.text.isascii() or "\v" in span.text for span in found.directives.values()):
        return DIRECTIVE_BLANK
    lines = found.source.text.split("\n")
    if theirs is None:
        inners = [item.trigger or item for item in found.instructions]
        arrays = [item for item in inners if item.args.text.startswith("[") and item.json is None]
        return NUMBERS if arrays else _by_text(found, "\n".join(lines))
    differing = next((index for index, pair in enumerate(zip(ours, theirs, strict=False)) if pair[0] != pair[1]), None)
    if differing is None:
        return UNEXPLAINED
    mine, other = ours[differing], theirs[differing]
    instruction = found.instructions[differing]
    inner = instruction.trigger or instruction
    if inner.keyword == "ONBUILD" and instruction.trigger is not None:
        return TRIGGER
    if mine[0] != "unknown" and other[0] != "unknown" and other[5] and inner.json is None and "[" in inner.args.text:
        return AFTER_JSON if found.escape == "\\" or not inner.flags else FLAG_ESCAPE
    return _by_text(found, "\n".join(lines[instruction.start_line - 1 : instruction.end_line]))


def _by_text(found: Dockerfile, text: str) -> str:
    if re.search(r"<<-?[\s\\`]", text):
        return BLANK_HEREDOC
    if "<<" in text and re.search(r"\$\{[^}]*[-+?#%/]", text):
        return LOST_WORD
    if not text.isascii() and re.search(r"--\S*[^\x00-\x7f]|--\\", text):
        return HALF_CHARACTER
    if found.escape == "`" and re.search(r"--.*[\\`]", text):
        return FLAG_ESCAPE
    return UNEXPLAINED
