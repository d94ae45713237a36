"""What git runs before a push: `pre-push REMOTE URL`, with a line for each ref on standard input.

Stopped is a push of what `amlcheck lint` fails: a violation, a finding that reaches `fail-on`, a Dockerfile that cannot be
read as one; and one whose configuration cannot be used, as then nobody knows what is asked. Not stopped is what could not
be known: undecided requirements, content that is not here, a git that gives no answer, an error of amlcheck's own.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

from amlcheck.errors import AmlcheckError
from amlcheck.exits import Exit
from amlcheck.hook.git import GitError, opened
from amlcheck.hook.pushed import compared, read_lines
from amlcheck.hook.telling import SKIP, is_skipped, say, tell

GOES_ON = 0
STOPPED = 1
UNUSABLE = 2
INTERRUPTED = int(Exit.INTERRUPTED)
IMAGE = "--image"
"""The option with which images are built and looked into."""


def pre_push(remote: str, text: bytes, options: Sequence[str] = (), images: bool = False) -> int:
    """The exit code of the hook, after one line or the findings on standard error."""
    return guarded(lambda: _checked(remote, text, options, images))


def guarded(check: Callable[[], int]) -> int:
    """The exit code of a check, or of what kept it from being made."""
    if is_skipped():
        say(f"skipped ({SKIP} is set): this push is not checked")
        return GOES_ON
    try:
        return check()
    except KeyboardInterrupt:
        say("interrupted")
        return INTERRUPTED
    except GitError as error:
        say(f"this push is not checked: {error}")
        return GOES_ON
    except AmlcheckError as error:
        say(f"push stopped: {error} (git push --no-verify, or {SKIP}=1, pushes without the check)")
        return UNUSABLE
    except Exception as error:  # whatever is wrong with amlcheck is nothing of the push's
        say(f"this push is not checked: an error of amlcheck's own, please report it: {type(error).__name__}: {error}")
        return GOES_ON


def _checked(remote: str, text: bytes, options: Sequence[str], images: bool) -> int:
    lines = read_lines(text)
    if not lines:
        return GOES_ON  # git says itself that everything is up to date
    from amlcheck.hook.checking import check

    with opened() as git:
        checked = [check(git, pushed, options, images) for pushed in compared(git, lines, remote)]
        return STOPPED if tell(checked) else GOES_ON


def main(words: Sequence[str]) -> int:
    """For the script in the hooks folder: as git calls it. Imports little, as most pushes concern no image."""
    images = list(words[:1]) == [IMAGE]
    remote = next(iter(words[images:]), "")
    return pre_push(remote, sys.stdin.buffer.read() if sys.stdin is not None else b"", images=images)
