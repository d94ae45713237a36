"""Generated documentation: docs/rules/*.md from the rules, and README's copy of the help text.

`python -m amlcheck.docs` writes them, with `--check` it tells which are out of date.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from amlcheck.arguments import help_of
from amlcheck.catalog import Catalog, Rule, catalog

_BEGIN, _END = "<!-- help:begin -->", "<!-- help:end -->"
_TOP = "<!-- commands:begin -->", "<!-- commands:end -->"
_NOTE = "<!-- Generated from rules/ by `make docs`; do not edit. -->\n"


def page(rule: Rule) -> str:
    """A rule's page in Markdown."""
    kind = (
        f"requirement `{rule.component}`"
        if rule.component
        else f"{rule.severity.label} unless a profile says otherwise"
    )
    state = "" if rule.on else ", off by default"
    title, _, body = rule.page.partition("\n")
    return f"{_NOTE}\n# {rule.id}: {title}\n\n`{rule.name}` · {kind}{state}\n{_fences(body)}\n"


def _fences(body: str) -> str:
    """Options of an example stand in a line of their own."""
    out = []
    for line in body.split("\n"):
        fence, _, options = line.partition(" ")
        if options.startswith("+ "):
            out.append(f"beside it `{options[2:]}`:\n\n{fence}")
        elif fence.startswith("```") and "." in options and not options.startswith("-"):
            out.append(f"`{options}`:\n\n{fence}")
        elif fence == "```dockerfile" and options:
            out.append(f"With `{options}`:\n\n{fence}")
        else:
            out.append(line)
    return "\n".join(out)


def index(known: Catalog) -> str:
    """The list of all rules."""
    rows = [f"| [{rule.id}]({rule.id}.md) | `{rule.name}` | {rule.summary} |" for rule in known.rules]
    return "\n".join([_NOTE, "# Rules\n", "| ID | name | what it says |", "|---|---|---|", *rows, ""])


def pages(known: Catalog) -> dict[str, str]:
    """Every generated file by its name."""
    return {"README.md": index(known), **{f"{rule.id}.md": page(rule) for rule in known.rules}}


def main(arguments: list[str]) -> int:
    """Writes the pages, or with --check tells which are out of date."""
    known = catalog()
    root = known.folder.parent
    folder = root / "docs" / "rules"
    readme = root / "README.md"
    wanted = {folder / name: text for name, text in pages(known).items()}
    wanted[readme] = with_help(readme.read_text(encoding="utf-8"))
    stale = [path for path, text in wanted.items() if not _same(path, text)]
    stale += [path for path in folder.glob("*.md") if path not in wanted]
    if "--check" in arguments:
        for path in stale:
            print(f"{path}: out of date; run `make docs`", file=sys.stderr)
        return 1 if stale else 0
    folder.mkdir(parents=True, exist_ok=True)
    for path in stale:
        if path in wanted:
            path.write_text(wanted[path], encoding="utf-8")
        else:
            path.unlink()
    print(f"{len(wanted)} files, {len(stale)} written")
    return 0


def with_help(readme: str) -> str:
    """README with the present help texts of `amlcheck` and `amlcheck lint`, each between its two marks."""
    os.environ["COLUMNS"] = "100"
    for command, begin, end in (("amlcheck", *_TOP), ("amlcheck lint", _BEGIN, _END)):
        text = help_of(command.partition(" ")[2]).rstrip()
        before, found, rest = readme.partition(begin)
        _, closed, after = rest.partition(end)
        if not found or not closed:
            raise SystemExit(f"README.md: the marks {begin} and {end} are missing")
        readme = f"{before}{begin}\n```text\n$ {command} --help\n{text}\n```\n{end}{after}"
    return readme


def _same(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8") == text


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
