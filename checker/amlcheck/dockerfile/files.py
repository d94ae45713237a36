"""The files that a build puts into the image and that matter later: copied from the context, written, downloaded."""

from __future__ import annotations

import posixpath

from amlcheck.dockerfile.built import Content
from amlcheck.dockerfile.context import Context
from amlcheck.dockerfile.source import Mapped, Source
from amlcheck.records import dataclass, field

NO_CONTEXT = "the build context is not known (--context)"


@dataclass
class ImageFiles:
    """Paths in the image and what is known of their content. The last word on a path counts."""

    context: Context | None
    sources: dict[str, Source]
    """Every context file that was read, by its path for people."""
    _written: dict[str, Content] = field(default_factory=dict)
    _copied: list[tuple[str, str]] = field(default_factory=list)
    """Context folders and files, and where they were put."""

    def copy(self) -> ImageFiles:
        return ImageFiles(self.context, self.sources, dict(self._written), list(self._copied))

    def write(self, path: str, content: Content) -> None:
        self._written[path] = content

    def append(self, path: str, content: Content) -> None:
        """`>>`: the text follows what is there, where both are known."""
        before = self._written.get(path)
        if before is None or before.mapped is None or content.mapped is None:
            self._written[path] = content if before is None else Content(reason="it is put together from several parts")
            return
        first, second = before.mapped, content.mapped
        if first.source is not second.source:
            self._written[path] = Content(reason="it is put together from several files")
            return
        shift = len(first.text)
        joints = (*first.joints, *((start + shift, origin) for start, origin in second.joints))
        self._written[path] = Content(Mapped(first.source, first.text + second.text, joints))

    def bring(self, context_path: str, target: str) -> None:
        """A COPY from the context: a file, or a folder's contents."""
        if self._written:
            self._written = {path: content for path, content in self._written.items() if not _below(path, target)}
        self._copied.append((context_path, target))

    def move(self, source: str, target: str) -> None:
        """`cp` and `mv` of a single file that is known."""
        content = self.read(source)
        if content is not None:
            self._written[target] = content

    def read(self, path: str) -> Content | None:
        """What is known of a path; None where nothing put it there."""
        if path in self._written:
            return self._written[path]
        for context_path, target in reversed(self._copied):
            inside = self._in_context(path, context_path, target)
            if inside is None:
                continue
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

    def _in_context(self, path: str, context_path: str, target: str) -> str | None:
        if path == target:
            return context_path
        if target == "/" or path.startswith(target + "/"):
            relative = posixpath.relpath(path, target)
            return posixpath.normpath(posixpath.join(context_path, relative))
        return None

    def is_folder(self, context_path: str) -> bool:
        found = self.context.resolve(context_path) if self.context is not None else None
        return found is not None and found.is_dir()


def _below(path: str, folder: str) -> bool:
    return path == folder or folder == "/" or path.startswith(folder + "/")
