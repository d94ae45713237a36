"""The command `amlcheck`, as `python -m amlcheck` and as the installed script.

A run of `amlcheck lint` that was made before is made again from memory, before anything else is imported.
"""

import sys


def main() -> int:
    """Runs the command line and returns its exit code."""
    try:
        return _remembered(sys.argv[1:])
    except KeyboardInterrupt:
        sys.stderr.write("amlcheck: interrupted\n")
        return 130


def _remembered(arguments: list[str]) -> int:
    """Nothing of weight is imported before it is known that the run must be made, and Ctrl-C can be told in one line."""
    from amlcheck.remembering import runs

    if arguments[:1] == ["lint"]:
        from amlcheck.errors import AmlcheckError

        try:
            code = runs.recalled(arguments)
        except (AmlcheckError, OSError):
            code = None  # what it is that cannot be written is told by the run in full
        if code is not None:
            return code
    from amlcheck.cli import main as in_full

    code = in_full(arguments)
    if runs.current is not None:
        runs.current.ended(code)
    return code


if __name__ == "__main__":
    sys.exit(main())
