"""`amlcheck completion`: the script that lets a shell complete the command line."""

from __future__ import annotations

import argparse
from importlib import import_module

SHELLS = ("bash", "zsh", "fish")


def run_completion(shell: str, parser: argparse.ArgumentParser) -> str:
    """The script for a shell."""
    from amlcheck.completion.commands import read

    made: str = import_module(f"amlcheck.completion.{shell}").script(read(parser))
    return made
