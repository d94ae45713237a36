"""How help texts are set: the commands in groups, examples as they are to be typed."""

from __future__ import annotations

import argparse

from amlcheck.streams import columns

GROUPS = (
    ("to check", ("lint", "probe", "score", "check")),
    ("to read what was found", ("report", "diff", "explain", "rules", "profiles")),
    ("to set up", ("init", "hook", "completion", "clean")),
)
"""The commands in the order of their use; what is not named here comes last."""
EXAMPLES = {
    "": (
        ("amlcheck lint", "this folder's Dockerfiles and environments"),
        ("amlcheck lint --fix", "repair what can be repaired safely"),
        ("amlcheck probe ours:1", "what is really in an image"),
        ("amlcheck check --datasets", "from the Dockerfile to the score"),
        ("amlcheck report", "go through it in the terminal"),
        ("amlcheck explain AML103", "one rule in full"),
    ),
    "lint": (
        ("amlcheck lint", "Dockerfiles and environments in here"),
        ("amlcheck lint gpu/Dockerfile --flavour openmpi-gpu", "against the versions of a flavour"),
        ("amlcheck lint --require 'python>=3.9' --datasets", "one requirement more, and datasets are mounted"),
        ("amlcheck lint --format sarif=out.sarif --format text", "a file for the CI, and the text to read"),
        ("amlcheck lint --write-baseline known.json", "what is known; then --baseline known.json shows what is new"),
        ("amlcheck lint - --context . < Dockerfile", "from standard input"),
    ),
    "probe": (
        ("amlcheck probe ours:1 --dockerfile Dockerfile", "and compare it with its Dockerfile"),
        ("amlcheck probe docker-archive:ours.tar", "without an engine"),
        ("amlcheck probe ours:1 ours:2 --format json", "several, for a program"),
    ),
    "score": (
        ("amlcheck score ours:1 --entry-script score.py --model models/", "with your own script and model"),
        ("amlcheck score ours:1 --request data.json --expect '[5, 7]'", "and look at the answer"),
        ("amlcheck score ours:1 --requests 500 --concurrency 8", "how fast it answers"),
    ),
    "check": (
        ("amlcheck check", "what amlcheck.toml or the usual names say"),
        ("amlcheck check serving/ --user-managed --tag ours:1", "keep the image where all is well"),
        ("amlcheck check --image ours:1", "build nothing"),
    ),
    "report": (
        ("amlcheck report", "this folder: arrows, Enter, ? for help"),
        ("amlcheck report result.json", "what --format json wrote, or a CI kept"),
        ("amlcheck report ours:1 ours:2", "two images side by side"),
        ("amlcheck lint --format json | amlcheck report -", "the same from a pipe"),
    ),
    "diff": (
        ("amlcheck diff old.json new.json", "two results of --format json"),
        ("amlcheck diff old.json new.json --format markdown", "for release notes"),
        ("amlcheck lint --format json | amlcheck diff old.json -", "what this folder's changes bring"),
    ),
    "explain": (
        ("amlcheck explain AML103 libfuse", "by ID or by name, several at once"),
        ("amlcheck explain AML103 --format json", "for a program"),
    ),
    "completion": (
        ("amlcheck completion bash > ~/.local/share/bash-completion/completions/amlcheck", ""),
        ("amlcheck completion zsh > ~/.zfunc/_amlcheck", "with fpath+=(~/.zfunc) before compinit"),
        ("amlcheck completion fish > ~/.config/fish/completions/amlcheck.fish", ""),
    ),
}
"""What can be typed, and what it does, by command."""
COLUMN = 36
"""Where the words beside an example begin."""


class Formatter(argparse.HelpFormatter):
    """argparse's own, but what stands behind the options keeps its lines."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=columns(80) - 2)  # as it would itself, without importing shutil for every option

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        if "\n" not in text:
            return super()._fill_text(text, width, indent)
        return "\n".join(
            line if line.startswith("  ") else super(Formatter, self)._fill_text(line, width, indent)
            for line in text.split("\n")
        )


def epilog(command: str, closing: str) -> str:
    """The examples of a command, then its closing words."""
    lines = []
    for typed, told in EXAMPLES.get(command, ()):
        if len(typed) <= COLUMN - 3 or not told:
            lines.append(f"  {typed:<{COLUMN - 2}}{told}".rstrip())
        else:
            lines += [f"  {typed}", f"      {told}"]
    return "\n".join([*(["examples:", *lines, ""] if lines else []), closing]).strip()


def of_all(usage: str, description: str, closing: str, helps: dict[str, str]) -> str:
    """The program's own help: its commands in groups. `helps` has each command's line."""
    import textwrap  # is not needed to check a file

    width = max(columns(80) - 2, 40)
    lines = [usage, "", *textwrap.wrap(description, width)]
    left = dict(helps)
    for title, names in (*GROUPS, ("more", tuple(left))):
        told = [(name, left.pop(name)) for name in names if name in left]
        if told:
            lines += ["", f"{title}:", *(f"  {name:<11} {text}" for name, text in told)]
    lines += ["", "options:", "  -h, --help  show this; `amlcheck COMMAND --help` shows more of one"]
    lines += ["  --version   show the version and exit", "", epilog("", closing), ""]
    return "\n".join(lines)
