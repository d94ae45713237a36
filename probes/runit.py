"""runit, with which local endpoints start the server

Looks for `runsvdir` in the folders of PATH and for services in /var/runit.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from amlcheck.image.image import Image
from amlcheck.image.programs import find_program
from amlcheck.image.tree import Kind, Wanted
from amlcheck.model import Notice

if TYPE_CHECKING:
    from testinfra.host import Host

SERVICES = "/var/runit"
WANTED = Wanted(names=("*/runsvdir", f"{SERVICES}/*/run"))
SEARCHED = f"runsvdir in the folders of PATH, and {SERVICES}"


def check(host: Host, image: Image) -> Iterator[Notice]:
    """What `runsvdir /var/runit` would not find."""
    missing = []
    if find_program(image.files, image.config, "runsvdir") is None:
        missing.append("runsvdir is not on PATH")
    folder = image.files.stat(SERVICES)
    if folder is None or folder.kind is not Kind.DIRECTORY:
        missing.append(f"there is no {SERVICES}")
    elif not any(image.files.stat(f"{SERVICES}/{name}/run") for name in image.files.names(SERVICES)):
        missing.append(f"no service is in {SERVICES}")
    if missing:
        yield Notice(f"a local endpoint starts the server with `runsvdir {SERVICES}`: {' and '.join(missing)}")


CHECKS = {"AML404": check}
