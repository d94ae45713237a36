"""Rule pages, generated from the rules themselves: docs/rules/*.md and the index. `python -m amlcheck.docs [--check]`."""

from __future__ import annotations

import sys
from pathlib import Path

from amlcheck.catalog import Catalog, Rule, catalog

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
        if fence == "```dockerfile" and options:
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
    folder = known.folder.parent / "docs" / "rules"
    wanted = pages(known)
    stale = [name for name, text in wanted.items() if not _same(folder / name, text)]
    stale += [path.name for path in folder.glob("*.md") if path.name not in wanted]
    if "--check" in arguments:
        for name in stale:
            print(f"{folder / name}: out of date; run `make docs`", file=sys.stderr)
        return 1 if stale else 0
    folder.mkdir(parents=True, exist_ok=True)
    for name in stale:
        if name in wanted:
            (folder / name).write_text(wanted[name], encoding="utf-8")
        else:
            (folder / name).unlink()
    print(f"{len(wanted)} pages, {len(stale)} written")
    return 0


def _same(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8") == text


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
