"""What an image is made from: a Dockerfile, the files beside it, and the images it starts from."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = "amlcheck-test"
"""`FROM amlcheck-test/NAME` in a definition is another definition."""
REQUIREMENTS = "requirements.txt"
"""Where a folder has it, the wheels it names are in the build context, in wheels/."""
_PARENT = re.compile(rf"{REPOSITORY}/([a-z0-9.-]+)")


@dataclass(frozen=True)
class Generated:
    """A file of the build context that is made when it is needed."""

    name: str
    content: Callable[[], bytes]
    executable: bool = False


@dataclass(frozen=True)
class Definition:
    """One image."""

    name: str
    text: str
    """Its Dockerfile."""
    folder: Path | None = None
    """The build context; None where nothing is copied from one."""
    generated: tuple[Generated, ...] = ()
    """More files of the build context."""
    platform: str = ""
    """What its config claims, such as "linux/arm64"; empty for the engine's own platform."""
    network: str = "none"
    """The network of its RUN instructions: everything is downloaded before."""

    @property
    def parents(self) -> list[str]:
        """The definitions it starts from or copies from."""
        return list(dict.fromkeys(_PARENT.findall(self.text)))

    def files(self) -> list[Path]:
        """The files of its context."""
        if self.folder is None:
            return []
        return sorted(path for path in self.folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)

    def key(self, parents: dict[str, str]) -> str:
        """A hash of all that it is made from, given its parents' keys: the tag of the image that is built."""
        parts = [self.text, self.platform, self.network, *(f"{name}={parents[name]}" for name in self.parents)]
        digest = hashlib.sha256("\0".join(parts).encode())
        for path in self.files():
            assert self.folder is not None
            executable = path.stat().st_mode & 0o100
            digest.update(f"\0{path.relative_to(self.folder)}\0{executable}\0".encode() + path.read_bytes())
        for file in self.generated:
            digest.update(f"\0{file.name}\0{file.executable}\0".encode() + file.content())
        return digest.hexdigest()[:12]

    def dockerfile(self, parents: dict[str, str]) -> str:
        """Its Dockerfile, with the parents' keys as tags."""
        return _PARENT.sub(lambda match: f"{REPOSITORY}/{match[1]}:{parents[match[1]]}", self.text)


def from_folder(folder: Path) -> Definition:
    """The definition in a folder: its Dockerfile and the files beside it."""
    return Definition(folder.name, (folder / "Dockerfile").read_text(encoding="utf-8"), folder)
