"""Image references, as Docker normalises them: registry, repository, tag and digest."""

from __future__ import annotations

from amlcheck.records import dataclass
from amlcheck.regex import regex

_REFERENCE = regex(
    r"(?P<name>[^@\s]+?)(?::(?P<tag>[\w][\w.-]{0,127}))?(?:@(?P<digest>[A-Za-z][\w+.-]*:[0-9a-fA-F]{32,}))?"
)
_PATH = regex(r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*")


@dataclass(frozen=True, slots=True)
class Reference:
    """A reference, normalised: `ubuntu` is docker.io/library/ubuntu."""

    registry: str
    path: str
    tag: str
    digest: str

    @property
    def repository(self) -> str:
        """Registry and path; plain "scratch" for the empty image."""
        return "scratch" if self.is_scratch else f"{self.registry}/{self.path}"

    @property
    def text(self) -> str:
        """The whole of it, with the tag that docker adds where neither tag nor digest is named."""
        tag = self.tag or ("" if self.digest else "latest")
        return f"{self.registry}/{self.path}{tag and f':{tag}'}{self.digest and f'@{self.digest}'}"

    @property
    def is_scratch(self) -> bool:
        return self.registry == "docker.io" and self.path == "library/scratch" and not self.tag and not self.digest


def parse_reference(text: str) -> Reference | None:
    """A reference, or None where the text is none (Docker refuses it)."""
    match = _REFERENCE.fullmatch(text.strip())
    if match is None:
        return None
    name = match.group("name")
    first, slash, rest = name.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost" or first.lower() != first):
        registry, path = first, rest
    else:
        registry, path = "docker.io", name
    if registry in ("index.docker.io", "registry-1.docker.io", "registry.hub.docker.com"):
        registry = "docker.io"
    if registry == "docker.io" and "/" not in path:
        path = f"library/{path}"
    if not _PATH.fullmatch(path):
        return None
    return Reference(registry, path, match.group("tag") or "", match.group("digest") or "")
