"""The files that a build puts into the image and that matter later: copied from the context, written, downloaded."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from amlcheck.dockerfile.built import Content
from amlcheck.dockerfile.context import Context
from amlcheck.dockerfile.effort import USED_UP, Effort
from amlcheck.dockerfile.source import Mapped, Source
from amlcheck.records import dataclass, field
from amlcheck.regex import regex

READ_IN_A_STEP = 100
"""Characters of a file that are read for one step of what is followed."""
MAX_PARTS = 2_000
"""Parts that a file may be put together from (`>>`) and still be known."""
MAX_LOOKED_AT = 200
"""Copies to one place that are looked through for a file."""
_FILE = regex(r"(?i).\.(?!tar|t[bglx]z|tbz|zst|lz|xz|gz)[a-z]{2,}$")
"""The name of a file: it has an ending that is no version and no archive's, which ADD unpacks."""
NO_CONTEXT = "the build context is not known (--context)"


@dataclass
class ImageFiles:
    """Paths in the image and what is known of their content. The last word on a path counts."""

    context: Context | None
    sources: dict[str, Source]
    """Every context file that was read, by its path for people."""
    effort: Effort = field(default_factory=Effort)
    """What reading costs is taken from it."""
    _written: dict[str, tuple[int, Content]] = field(default_factory=dict)
    """By path, with the moment."""
    _copied: dict[str, list[tuple[int, str]]] = field(default_factory=dict)
    """By where they were put: context folders and files, the last one last, with the moment."""
    _moment: int = 0

    def copy(self) -> ImageFiles:
        copied = {target: list(brought) for target, brought in self._copied.items()}
        return ImageFiles(self.context, self.sources, self.effort, dict(self._written), copied, self._moment)

    @property
    def size(self) -> int:
        """How many things are known."""
        return len(self._written) + len(self._copied)

    def write(self, path: str, content: Content) -> None:
        self._moment += 1
        self._written[path] = (self._moment, content)

    def append(self, path: str, content: Content) -> None:
        """`>>`: the text follows what is there, where both are known."""
        before = self._last_written(path)
        if before is None or before.mapped is None or content.mapped is None:
            self.write(path, content if before is None else Content(reason="it is put together from several parts"))
            return
        first, second = before.mapped, content.mapped
        if first.source is not second.source:
            self.write(path, Content(reason="it is put together from several files"))
            return
        if len(first.joints) > MAX_PARTS:
            self.write(path, Content(reason="it is put together from too many parts"))
            return
        shift = len(first.text)
        joints = (*first.joints, *((start + shift, origin) for start, origin in second.joints))
        self.write(path, Content(Mapped(first.source, first.text + second.text, joints)))

    def bring(self, context_path: str, target: str) -> None:
        """A COPY from the context: a file, or a folder's contents."""
        self._moment += 1
        self._copied.setdefault(target, []).append((self._moment, context_path))

    def move(self, source: str, target: str) -> None:
        """`cp` and `mv` of a single file that is known."""
        content = self.read(source)
        if content is not None:
            self.write(target, content)

    def read(self, path: str) -> Content | None:
        """What is known of a path; None where nothing put it there."""
        content = self._found(path)
        if content is None or content.mapped is None:
            return content
        left = self.effort.spend(1 + len(content.mapped.text) // READ_IN_A_STEP)
        return content if left else Content(reason=USED_UP, name=content.name)

    def _found(self, path: str) -> Content | None:
        written = self._last_written(path)
        if written is not None:
            return written
        for target, context_path in self._brought(path):
            inside = self._in_context(path, context_path, target)
            if self.context is None:
                return Content(reason=NO_CONTEXT, name=inside)
            found = self.context.read(inside)
            if found is not None:
                known = self.sources.setdefault(found.path, found)
                return Content(Mapped.of(known), name=inside)
            if path == target:
                return Content(
                    reason=f"{inside} cannot be read in the build context {self.context.folder}", name=inside
                )
        return None

    def _last_written(self, path: str) -> Content | None:
        """What was written there, unless a copy was put over it since."""
        moment, content = self._written.get(path, (0, None))
        over = (self._copied[folder][-1][0] for folder in _folders(path) if folder in self._copied)
        return content if content is not None and moment > max(over, default=0) else None

    def _brought(self, path: str) -> list[tuple[str, str]]:
        """Where copies were put that hold a path, and what was: the last one first."""
        there = [folder for folder in _folders(path) if folder in self._copied]
        found = [(moment, folder, context_path) for folder in there for moment, context_path in self._copied[folder]]
        return [(folder, context_path) for _, folder, context_path in sorted(found, reverse=True)[:MAX_LOOKED_AT]]

    def _in_context(self, path: str, context_path: str, target: str) -> str:
        if path == target:
            return context_path
        relative = posixpath.relpath(path, target)
        return posixpath.normpath(posixpath.join(context_path, relative))

    def may_hold(self, path: str) -> bool:
        """Whether something that was copied or written may have put a file there."""
        if path in self._written or path in self._copied:
            return True
        if len(self._copied) > MAX_LOOKED_AT:
            return True
        above = set(_folders(path))
        for target, brought in self._copied.items():
            # A copy to "folder/" of something that is not here is put down as a file in it, and may be a folder's content.
            if target in above or posixpath.dirname(target) in above:
                inside = [item for _, item in brought[-MAX_LOOKED_AT:] if target in above or target.endswith(item)]
                if len(brought) > MAX_LOOKED_AT or any(self._may_be_folder(item) for item in inside):
                    return True
        return False

    def _may_be_folder(self, context_path: str) -> bool:
        found = self.context.resolve(context_path) if self.context is not None else None
        if found is None:
            return not _FILE.search(posixpath.basename(context_path))
        return not found.is_file()

    def is_folder(self, context_path: str) -> bool:
        found = self.context.resolve(context_path) if self.context is not None else None
        return found is not None and found.is_dir()


def _folders(path: str) -> Iterator[str]:
    """A path and the folders that hold it."""
    yield path
    while (above := posixpath.dirname(path)) != path:
        path = above
        yield path
