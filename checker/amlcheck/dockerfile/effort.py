"""How much of one Dockerfile is followed. What is left when that is used up makes requirements undecided, and says why.

Everything that a file can ask for more of than it is long is paid for here: statements in loops and functions, triggers of
ONBUILD in each child, what a stage starts with, what is copied between stages. A file that is as long as it does is never
stopped: 10 MB hold fewer instructions.
"""

from __future__ import annotations

MAX_STEPS = 200_000
"""Steps that are taken for one file: a statement of a shell script, an instruction, or a few things that are copied."""
COPIED_IN_A_STEP = 4

USED_UP = "the file asks for more than is followed"


class Effort:
    """What is left."""

    def __init__(self, steps: int = MAX_STEPS) -> None:
        self.left = steps

    def spend(self, steps: int = 1) -> bool:
        """Whether so much was left; nothing is from then on."""
        self.left = max(self.left - steps, 0)
        return self.left > 0

    def copy(self, things: int) -> bool:
        """As `spend`, for so many things that are copied."""
        return self.spend(1 + things // COPIED_IN_A_STEP)
