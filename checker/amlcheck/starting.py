"""From the command line to the exit code of the process.

A run of `amlcheck lint` that was made before is made again from memory, before anything else is imported.
"""

import contextlib
import gc
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from amlcheck import streams
from amlcheck.errors import AmlcheckError
from amlcheck.exits import Exit
from amlcheck.remembering import runs


def run(arguments: Sequence[str]) -> int:
    """Runs a command line and returns its exit code."""
    # Looking for circles of garbage every 700 objects took 7 of the 105 ms of one file, and 6 percent of many files.
    gc.set_threshold(100_000, 50, 100)
    streams.secure()
    try:
        code = runs.recalled(arguments)
        if code is not None:
            return code
        from amlcheck.cli import main as in_full

        code = in_full(arguments)
        if runs.current is not None:
            runs.current.ended(code)
        return _at_once() if code == Exit.INTERRUPTED else code
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
        return _at_once()


def _at_once() -> NoReturn:
    """Ends an interrupted process without waiting for its threads: all is said, and whatever had to be removed is removed.

    One of them may wait for ever for the rest of an answer whose worker process was ended in the middle of it.
    """
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError, AttributeError):
            stream.flush()
    os._exit(int(Exit.INTERRUPTED))
