"""The command `amlcheck`, as `python -m amlcheck` and as the installed script.

A run of `amlcheck lint` that was made before is made again from memory, before anything else is imported.
"""

import gc
import sys

from amlcheck import streams
from amlcheck.errors import AmlcheckError
from amlcheck.exits import Exit
from amlcheck.remembering import runs


def main() -> int:
    """Runs the command line and returns its exit code."""
    # Looking for circles of garbage every 700 objects took 7 of the 105 ms of one file, and 6 percent of many files.
    gc.set_threshold(100_000, 50, 100)
    arguments = sys.argv[1:]
    streams.secure()
    try:
        code = runs.recalled(arguments)
        if code is not None:
            return code
        from amlcheck.cli import main as in_full

        code = in_full(arguments)
        if runs.current is not None:
            runs.current.ended(code)
        return code
    except AmlcheckError as error:  # what was remembered cannot be written
        from amlcheck.report.harmless import in_text, one_line

        streams.say(in_text(f"amlcheck: {one_line(str(error))}"))
        return int(Exit.ERROR)
    except BrokenPipeError:
        from amlcheck.report.destination import drop_output

        drop_output()
        return int(Exit.READER_GONE)
    except KeyboardInterrupt:
        streams.say("amlcheck: interrupted")
        return int(Exit.INTERRUPTED)


if __name__ == "__main__":
    sys.exit(main())
