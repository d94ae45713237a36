"""`amlcheck completion`: the script that lets a shell complete the command line."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from amlcheck.arguments import Parser

SHELLS = ("bash", "zsh", "fish")


def run_completion(shell: str, parser: Parser) -> str:
    """The script for a shell."""
    from amlcheck.completion.commands import read

    made: str = import_module(f"amlcheck.completion.{shell}").script(read(parser))
    return made
