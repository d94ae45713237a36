"""The cases of rules on environments: several files each, many to a file (tests/cases/<rule>/cases.txt).

    === bad two-keys
    expect: line=3 column=5 text=name
    options: --profile azureml-v2
    -- environment.yml --
    …

The first file is the one that is checked; `bad`, `good` and `undecided` are what the rule says of it.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from amlcheck.catalog import Catalog, Rule, catalog
from amlcheck.environment.judging import lint_environment
from amlcheck.model import SubjectReport
from support import CASES, KINDS, options_of

_CASE = re.compile(r"^=== (?P<kind>\w+) (?P<name>[\w-]+)\n", re.MULTILINE)
_FILE = re.compile(r"^-- (?P<name>\S+) --\n", re.MULTILINE)
_FENCE = re.compile(r"^```\w+ (?P<name>[^\n]+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
EXPECTATIONS = frozenset({"line", "column", "text", "message", "count", "path", "related"})


@dataclass
class EnvironmentCase:
    """Files, what is asked of them, and what has to come out."""

    rule: str
    kind: str
    name: str
    files: dict[str, str] = field(default_factory=dict)
    options: str = ""
    expect: dict[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        return f"{self.rule}/{self.kind}-{self.name}"


def cases() -> list[EnvironmentCase]:
    """All cases, in the order of the rules' names."""
    return [case for path in sorted(CASES.glob("*/cases.txt")) for case in _of_file(path)]


def _of_file(path: Path) -> Iterator[EnvironmentCase]:
    parts = _CASE.split(path.read_text(encoding="utf-8"))
    if parts[0].strip():
        raise ValueError(f"{path}: begins with no case")
    for kind, name, body in zip(parts[1::3], parts[2::3], parts[3::3], strict=True):
        if kind not in KINDS:
            raise ValueError(f"{path}: {kind} is no kind of case")
        header, *rest = _FILE.split(body)
        case = EnvironmentCase(path.parent.name, kind, name, dict(zip(rest[::2], rest[1::2], strict=True)))
        for line in header.strip().splitlines():
            key, _, value = line.partition(": ")
            if key == "options":
                case.options = value
            elif key == "expect":
                case.expect = dict(word.partition("=")[::2] for word in shlex.split(value))
            else:
                raise ValueError(f"{path}: {name}: {line!r} is no line of a case")
        if set(case.expect) - EXPECTATIONS:
            raise ValueError(f"{path}: {name}: expects what nothing checks")
        yield case


def examples(rule: Rule) -> list[EnvironmentCase]:
    """The examples of a rule's page: a fence with a file's name begins one, `+ name` adds a file to it."""
    found: list[EnvironmentCase] = []
    for section in re.split(r"^## ", rule.page, flags=re.MULTILINE)[1:]:
        title, _, body = section.partition("\n")
        kind = title.strip().lower()
        for match in _FENCE.finditer(body) if kind in KINDS else ():
            name = match["name"]
            if name.startswith("+ "):
                found[-1].files[name[2:]] = match["text"]
            else:
                found.append(EnvironmentCase(rule.name, kind, f"page-{len(found)}", {name: match["text"]}))
    return found


def check(files: dict[str, str], folder: Path, options: str = "", known: Catalog | None = None) -> SubjectReport:
    """The first of some files as `amlcheck lint` checks it; paths in the report are relative to the folder."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    before = Path.cwd()
    os.chdir(folder)
    try:
        return lint_environment(known or catalog(), next(iter(files)), options_of(options, known))
    finally:
        os.chdir(before)
