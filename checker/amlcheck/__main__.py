"""`python -m amlcheck` is the command `amlcheck`. Nothing is imported before Ctrl-C can be told in one line."""

import sys


def run() -> int:
    """The command. Returns its exit code."""
    try:
        from amlcheck.cli import main

        return main()
    except KeyboardInterrupt:
        sys.stderr.write("amlcheck: interrupted\n")
        return 130


if __name__ == "__main__":
    sys.exit(run())
