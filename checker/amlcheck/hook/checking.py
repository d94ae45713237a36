"""One commit that is pushed: is an image concerned at all, and if so, what `amlcheck lint` says of those that are.

Judged is as on a clean checkout of the commit. A file counts only where something that its check looked at differs from
all of the remote's commits that the pushed one is compared with; what it said before, the remote has already.
"""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from typing import TYPE_CHECKING

from amlcheck.hook.concerned import Concerned
from amlcheck.hook.git import Git
from amlcheck.hook.pushed import Pushed
from amlcheck.hook.tree import Changes, Tree
from amlcheck.records import dataclass

if TYPE_CHECKING:
    from amlcheck.model import Report

CONFIGURATION = "amlcheck.toml"


@dataclass(frozen=True)
class Checked:
    """What was said of one commit."""

    pushed: Pushed
    reports: tuple[Report, ...] = ()
    """One for each configuration that counts; of the files that are judged otherwise than before only."""
    lacking: tuple[str, ...] = ()
    """What should have been judged and could not be, each with the reason."""


def check(git: Git, pushed: Pushed, options: Sequence[str] = (), images: bool = False) -> Checked:
    """Raises GitError where git cannot tell, and AmlcheckError where the commit's configuration cannot be used.

    `options` are those of `amlcheck lint`. `images`: what Dockerfiles build is looked into as well.
    """
    tree = Tree(git, pushed.commit)
    changes = [Changes(git, base, pushed.commit) for base in pushed.bases]
    if any(not each.paths for each in changes):
        return Checked(pushed)
    found = Concerned(git, tree, min(changes, key=lambda each: len(each.paths), default=None)).find()
    if not found and not any(posixpath.basename(path) == CONFIGURATION for each in changes for path in each.paths):
        return Checked(pushed)
    from amlcheck.hook.judging import judged  # all that a check needs is imported only here

    return judged(git, tree, pushed, changes, found, options, images)
