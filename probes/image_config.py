"""The image's config

Platform, user, exposed ports, and an entrypoint that Azure ML passes by.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import TYPE_CHECKING

from amlcheck.image.image import Image
from amlcheck.image.tree import Wanted
from amlcheck.image.words import brief
from amlcheck.model import Notice, in_config
from amlcheck.regex import regex
from amlcheck.serving import covers, served_port

if TYPE_CHECKING:
    from testinfra.host import Host

WANTED = Wanted(contents=("/etc/passwd",))
SEARCHED = "the image's config"
_ROOT = regex(r"(?:|root|0+)(?::.*)?")
_DOES_NOTHING = frozenset(
    {"bash", "sh", "dash", "zsh", "tini", "dumb-init", "docker-init", "env", "tini-static", "catatonit"}
)
"""Programs that only start what they are given, as arguments or on standard input."""


def check_platform(host: Host, image: Image) -> Iterator[Notice]:
    """Azure ML runs linux/amd64."""
    config = image.config
    if not config.known or not config.platform:
        return
    if (config.os or "linux", config.architecture or "amd64") != ("linux", "amd64"):
        evidence = in_config("platform", brief(config.platform))
        yield Notice(f"the image is built for {brief(config.platform)}; Azure ML runs linux/amd64", related=(evidence,))


def check_user(host: Host, image: Image) -> Iterator[Notice]:
    """The user that the image runs as is not root."""
    if image.config.known and not _ROOT.fullmatch(image.config.user):
        yield Notice(
            f"the image runs as user {brief(image.config.user)}: what Azure ML builds on top of it runs as that user",
            related=(in_config("User", brief(image.config.user)),),
        )


def check_ports(host: Host, image: Image) -> Iterator[Notice]:
    """The command starts the scoring server on a port that is not exposed."""
    config = image.config
    command = " ".join((*config.entrypoint, *config.cmd))
    port = served_port(command) if config.known else None
    if port is not None and not any(covers(text, port) for text in config.ports):
        evidence = in_config("Entrypoint and Cmd", brief(command))
        yield Notice(f"the scoring server is started on port {port}, and nothing exposes it", related=(evidence,))


def check_entrypoint(host: Host, image: Image) -> Iterator[Notice]:
    """An entrypoint that does something of its own."""
    entrypoint = image.config.entrypoint
    words = [posixpath.basename(word) for word in entrypoint if not word.startswith("-")]
    if not image.config.known or not words or all(word in _DOES_NOTHING for word in words):
        return
    shown = brief(" ".join(entrypoint))
    yield Notice(
        f"ENTRYPOINT runs {shown}; Azure ML starts its own command, and what this does is left out or gets in its way",
        related=(in_config("Entrypoint", shown),),
    )


CHECKS = {
    "AML306": check_platform,
    "AML307": check_ports,
    "AML405": check_user,
    "AML406": check_entrypoint,
}
