"""How far a repository's own files may lead: what stands in them is somebody else's, and names nothing outside of it.

A Dockerfile that is a link to a private key, an environment that names /etc/passwd as its conda file, or a configuration
whose context is the whole disk would otherwise bring into the report, which others may read, what is none of theirs.
Whatever the user names on the command line is read wherever it is.
"""

from __future__ import annotations

import os
from functools import lru_cache

_REPOSITORY = (".git", ".hg", ".svn")


@lru_cache(maxsize=1024)
def project_of(folder: str) -> str:
    """The repository that a folder is in; else the working directory, where it is below that; else the folder itself."""
    real = os.path.realpath(folder)
    place = real
    while True:
        if any(os.path.lexists(os.path.join(place, name)) for name in _REPOSITORY):
            return place
        above = os.path.dirname(place)
        if above == place:
            here = os.path.realpath(os.curdir)
            return here if here != above and is_within(real, here) else real
        place = above


def is_within(path: str, project: str) -> bool:
    """Whether a path, where its links lead, is in a project."""
    real = os.path.realpath(path)
    return real == project or real.startswith(project.rstrip(os.sep) + os.sep)
