"""The candidate image, as probes see it, and how image references name their source."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from amlcheck.errors import AmlcheckError
from amlcheck.image.config import ImageConfig
from amlcheck.image.tree import Tree
from amlcheck.records import dataclass

if TYPE_CHECKING:
    from testinfra.host import Host

TRANSPORTS = ("docker-daemon", "docker", "docker-archive", "oci-archive", "oci", "rootfs")
"""As skopeo names them, and a root file system; "" is a plain name: the local engine, then its registry."""


class CannotRunError(Exception):
    """A program cannot be run in the image, now or ever; the reason is its text. A probe need not catch it."""


@dataclass(frozen=True, slots=True)
class ImageReference:
    """Where an image is: a transport and, in its terms, a name or a path."""

    transport: str
    name: str
    text: str
    """As it was given."""


def parse_image(text: str) -> ImageReference:
    """An image as the user names it. Raises AmlcheckError."""
    transport, colon, name = text.partition(":")
    if colon and transport in TRANSPORTS:
        if transport == "docker":
            if not name.startswith("//"):
                raise AmlcheckError(f"{text}: write it as docker://REGISTRY/NAME:TAG")
            name = name[2:]
        if not name:
            raise AmlcheckError(f"{text}: nothing follows {transport}:")
        return ImageReference(transport, name, text)
    if not text or text.startswith("-"):
        raise AmlcheckError(f"{text!r} is no image")
    return ImageReference("", text, text)


@dataclass(frozen=True)
class Image:
    """An image that was opened: its files, its config, and testinfra's host for its programs.

    `host.run` raises CannotRunError where nothing can be run; `host.file` and `host.package` then answer from the files.
    """

    name: str
    """As it was given."""
    files: Tree
    config: ImageConfig
    host: Host
    source: str
    """For people: "the engine", "docker-archive"."""
    digest: str = ""
    """The image's ID (digest of its config) or manifest digest, where it has one."""
    cannot_run: str = ""
    """Why nothing can be run in it; empty where programs can."""
    close: Callable[[], None] = lambda: None
    """Ends everything that was started for it. May be called more than once."""
