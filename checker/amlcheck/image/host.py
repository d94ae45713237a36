"""testinfra's host for an image: its programs through a session, its files and packages from its tree.

`host.run` runs in the image, bounded; `host.file` and `host.package` need no program where the files can tell. Everything
else of testinfra works through `host.run`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from testinfra.backend.base import BaseBackend, CommandResult
from testinfra.host import Host
from testinfra.modules.file import GNUFile
from testinfra.modules.package import Package

from amlcheck.image.dpkg import APK, STATUS, STATUS_FOLDER, SystemPackage, system_packages
from amlcheck.image.grep import compile_basic
from amlcheck.image.image import CannotRunError
from amlcheck.image.session import Session
from amlcheck.image.tree import MAX_CONTENT, Entry, Kind, NotReadableError, Tree


@dataclass
class Ran(CommandResult):  # type: ignore[misc]
    """What a command did, as testinfra has it."""

    cut: bool = False
    """Whether it printed more than was kept."""


class ImageBackend(BaseBackend):  # type: ignore[misc]
    """Commands through a session; without one, `run` says why there is none."""

    NAME = "amlcheck"

    def __init__(self, name: str, session: Session | None, reason: str = "") -> None:
        super().__init__(name)
        self._session, self._reason = session, reason

    def run(self, command: str, *args: str, timeout: float | None = None, **_: Any) -> Ran:
        """Runs a command, for `timeout` seconds at most. Raises CannotRunError."""
        words = self.get_command(command, *args)
        if self._session is None:
            raise CannotRunError(self._reason)
        result = self._session.run(words, timeout)
        return Ran(self, result.status, self.encode(words), result.stdout, result.stderr, result.cut)

    @property
    def encoding(self) -> str:
        return "utf-8"

    def decode(self, data: bytes) -> str:
        """Never fails: what is no UTF-8 is replaced."""
        return data.decode("utf-8", "replace")

    def encode(self, data: str) -> bytes:
        return data.encode("utf-8", "surrogateescape")


class ImageHost(Host):  # type: ignore[misc]
    """testinfra's host, whose files and packages come from a tree."""

    def __init__(self, backend: ImageBackend, tree: Tree) -> None:
        super().__init__(backend)
        backend.set_host(self)
        self.tree = tree

    @property
    def file(self) -> type[ImageFile]:
        """As testinfra's: `host.file("/etc/os-release").content_string`."""
        found: type[ImageFile] = ImageFile.get_module(self)
        return found

    @property
    def package(self) -> type[Package]:
        """As testinfra's: `host.package("git").version`."""
        found: type[Package] = ImagePackage.get_module(self)
        return found


class ImageFile(GNUFile):  # type: ignore[misc]
    """A file of the image. What the tree does not know (its owner, its checksum) is asked of programs, as testinfra does."""

    _host: ImageHost

    @classmethod
    def get_module_class(cls, host: ImageHost) -> type[ImageFile]:
        return cls

    @property
    def _entry(self) -> Entry | None:
        return self._host.tree.stat(self.path)

    def _is(self, kind: Kind) -> bool:
        entry = self._entry
        return entry is not None and entry.kind is kind

    @property
    def exists(self) -> bool:
        return self._entry is not None

    @property
    def is_file(self) -> bool:
        return self._is(Kind.FILE)

    @property
    def is_directory(self) -> bool:
        return self._is(Kind.DIRECTORY)

    @property
    def is_symlink(self) -> bool:
        entry = self._host.tree.lstat(self.path)
        return entry is not None and entry.kind is Kind.LINK

    @property
    def linked_to(self) -> str:
        entry = self._entry
        if entry is None:
            raise RuntimeError(f"{self.path} leads nowhere")
        return entry.path

    @property
    def mode(self) -> int:
        return self._there.mode

    @property
    def size(self) -> int:
        return self._there.size

    @property
    def _there(self) -> Entry:
        entry = self._entry
        if entry is None:
            raise RuntimeError(f"{self.path} is not there")
        return entry

    def contains(self, pattern: str) -> bool:
        """Whether a line has what a basic regular expression means; asked of grep only where nothing else knows it."""
        compiled = compile_basic(pattern)
        if compiled is None:
            found: bool = super().contains(pattern)
            return found
        return self.is_file and any(compiled.search(line) for line in self.content_string.split("\n"))

    def listdir(self) -> list[str]:
        if not self.is_directory:
            raise RuntimeError(f"{self.path} is no directory")
        return self._host.tree.names(self.path)

    def _get_content(self, decode: bool) -> str | bytes:
        try:
            content = self._host.tree.read(self.path, MAX_CONTENT)
        except NotReadableError as error:
            raise RuntimeError(str(error)) from None
        return self._host.backend.decode(content) if decode else content


class ImagePackage(Package):  # type: ignore[misc]
    """A package of the image, from the database of apt's or Alpine's manager."""

    _host: ImageHost

    @classmethod
    def get_module_class(cls, host: ImageHost) -> type[Package]:
        """Other managers have databases that only their own programs read."""
        if any(host.tree.stat(path) is not None for path in (STATUS, STATUS_FOLDER, *APK)):
            return cls
        found: type[Package] = Package.get_module_class(host)
        return found

    @property
    def _found(self) -> SystemPackage | None:
        return system_packages(self._host.tree).get(self.name.partition(":")[0])

    @property
    def is_installed(self) -> bool:
        return self._found is not None

    @property
    def version(self) -> str:
        """As testinfra has it: Debian's in full, Alpine's without its release."""
        found = self._installed
        return found.version if found.manager == "apt" else found.version.rpartition("-")[0]

    @property
    def release(self) -> str:
        found = self._installed
        if found.manager == "apt":
            raise NotImplementedError
        return found.version.rpartition("-")[2]

    @property
    def _installed(self) -> SystemPackage:
        found = self._found
        if found is None:
            raise AssertionError(f"The package {self.name} is not installed")
        return found


def session_host(name: str, session: Session, tree: Tree) -> ImageHost:
    """A host whose programs run in a session."""
    return ImageHost(ImageBackend(name, session), tree)


def files_only_host(tree: Tree, reason: str, name: str = "image") -> ImageHost:
    """A host whose `run` raises CannotRunError with a reason."""
    return ImageHost(ImageBackend(name, None, reason), tree)
