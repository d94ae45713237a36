"""The command `amlcheck`, as `python -m amlcheck` and as the installed script."""

import sys


def main() -> int:
    """Runs the command line and returns its exit code."""
    try:
        from amlcheck.starting import run  # here, so that Ctrl-C is one line from the beginning

        return run(sys.argv[1:])
    except KeyboardInterrupt:
        sys.stderr.write("amlcheck: interrupted\n")
        return 130


if __name__ == "__main__":
    sys.exit(main())
