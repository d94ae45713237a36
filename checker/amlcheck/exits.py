"""Exit codes, the same for every command and output format (docs/architecture.md)."""

from enum import IntEnum


class Exit(IntEnum):
    """What the process tells its caller."""

    MET = 0
    """Every requirement that applies is met and nothing at or above the failing severity was found."""
    VIOLATED = 1
    """A requirement is violated, or a finding reaches the failing severity."""
    ERROR = 2
    """Usage or configuration error, or a file that cannot be read."""
    UNDECIDED = 3
    """Something is undecided and nothing is violated."""
    INTERRUPTED = 130
    """Ctrl-C: what is reported is what was found until then."""
    READER_GONE = 141
    """As a shell reports a program that wrote to a closed pipe: nobody saw the report, so it is not "all met" either."""
