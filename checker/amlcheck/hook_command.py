"""`amlcheck hook`: installed into git, run by git, run by pre-commit."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from amlcheck.errors import AmlcheckError


def run_hook(options: argparse.Namespace, words: Sequence[str]) -> int:
    """Its exit code. `words` are those of the command line after `hook` and its subcommand. Raises AmlcheckError."""
    from amlcheck.report.destination import write

    if options.hook_command in ("install", "uninstall"):
        from amlcheck.hook.install import install, uninstall

        told = install(options.force, options.image) if options.hook_command == "install" else uninstall(options.force)
        write("".join(f"{line}\n" for line in told), None)
        return 0
    if options.hook_command == "run":
        from amlcheck.hook.pre_push import pre_push

        if sys.stdin is None or sys.stdin.isatty():
            raise AmlcheckError("hook run: git runs this and says on standard input what is pushed; you need not")
        return pre_push(options.remote, sys.stdin.buffer.read(), images=options.image)
    from amlcheck.hook.pre_commit import run

    return run(words)
