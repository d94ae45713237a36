"""Images that are stored as files: what `docker save` writes, and OCI layouts, in a folder or an archive of one.

Nothing is unpacked: an archive is a file whose members are read where they lie.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import posixpath
import re
import stat
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, BinaryIO, Protocol

from amlcheck.errors import UnreadableError
from amlcheck.image.config import ImageConfig, parse_config
from amlcheck.image.layer import Layer
from amlcheck.image.tar import FileStream, TarError, inside, members
from amlcheck.image.tree import MAX_LINKS, Kind
from amlcheck.records import dataclass
from amlcheck.regex import regex

MAX_DOCUMENT = 16 << 20
"""Bytes of a manifest, an index or a config; registries take no manifest above 4 MiB."""
MAX_MEMBERS = 100_000
"""Members of an archive: a handful for each layer of each image in it."""
MAX_LAYERS = 512
"""Layers of an image; Docker itself stops at 127."""
MAX_MANIFESTS = 1000
"""Manifests that are looked at in one layout."""
MAX_NESTED = 4
"""Indexes within indexes."""
PREFERRED = "linux/amd64"
"""The only platform that Azure ML runs."""
_DIGEST = regex(r"sha256:[0-9a-f]{64}")
_NAMED = regex(r"(?:.*/)?(?:sha256:)?([0-9a-f]{64})(?:\.json)?")
_COMPRESSED = {b"\x1f\x8b": "gunzip", b"\x28\xb5\x2f\xfd": "unzstd", b"BZh": "bunzip2", b"\xfd7zXZ": "unxz"}
_SHOWN = 200
"""Characters of a name that a message shows."""
REMEDY = "save or copy the image again"


@dataclass(frozen=True)
class StoredImage:
    """An image in an archive or a layout. A context manager: its layers can be read until it is closed."""

    name: str
    """As it was asked for."""
    config: ImageConfig
    digest: str
    """The image's ID, which is the digest of its config."""
    layers: Sequence[Layer]
    """From the lowest to the uppermost."""
    manifest_digest: str = ""
    """Of the manifest, where the image has one of its own (OCI)."""

    def __enter__(self) -> StoredImage:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Nothing is held open between two looks; it is here so that nobody has to know that."""


class _Files(Protocol):
    """The files of a layout by name, wherever they lie."""

    def size(self, name: str) -> int:
        """Bytes of a file. Raises KeyError where there is none."""

    def open(self, name: str) -> BinaryIO:
        """A file from its beginning, which can seek. Raises KeyError where there is none."""


def open_stored(transport: str, path: str, platform: str = PREFERRED) -> StoredImage:
    """An image as skopeo names it: transport "docker-archive", "oci-archive" or "oci"; path "FILE", "FILE:NAME:TAG", "DIR:TAG".

    `platform` chooses from an image for several; where there is only one, it is taken whatever it is for.
    Raises UnreadableError.
    """
    shown = f"{transport}:{path}"
    place, wanted = _split(path)
    if transport == "oci":
        if not os.path.isdir(place):
            raise UnreadableError(f"{shown}: {place} is no folder; a layout in one file is oci-archive:{place}")
        return _from_layout(_Folder(place), shown, wanted, platform)
    if os.path.isdir(place):
        raise UnreadableError(
            f"{shown}: {place} is a folder; an OCI layout is oci:{place}, unpacked files are rootfs:{place}"
        )
    files = _Archive(place, shown)
    if transport == "oci-archive":
        return _from_layout(files, shown, wanted, platform)
    return _from_docker(files, shown, wanted)


def _split(path: str) -> tuple[str, str]:
    """The path of a file or folder that is there, and what follows its colon."""
    if os.path.exists(path):
        return path, ""
    for match in re.finditer(":", path):
        if os.path.exists(path[: match.start()]):
            return path[: match.start()], path[match.end() :]
    raise UnreadableError(f"{path} does not exist")


class _Section(io.RawIOBase):
    """A part of a file, as a file."""

    def __init__(self, file: BinaryIO, start: int, size: int) -> None:
        self._file, self._first, self._size, self._place = file, start, size, 0
        file.seek(start)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer)[: max(self._size - self._place, 0)]
        count: int = self._file.readinto(view)  # type: ignore[attr-defined]
        self._place += count
        return count

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._size}[whence]
        self._place = max(base + offset, 0)
        self._file.seek(self._first + self._place)
        return self._place

    def tell(self) -> int:
        return self._place

    def close(self) -> None:
        self._file.close()
        super().close()


class _Archive:
    """The members of a tar archive, found by one walk over its headers."""

    def __init__(self, path: str, shown: str) -> None:
        self._path = path
        self._found: dict[str, tuple[int, int]] = {}
        self._links: dict[str, str] = {}
        try:
            with _open_regular(path, shown) as file:
                self._identity = _identity(file)
                start = file.read(6)
                for magic, program in _COMPRESSED.items():
                    if start.startswith(magic):
                        raise UnreadableError(f"{shown} is compressed; unpack it first: {program} {path}")
                file.seek(0)
                self._walk(file, shown)
        except OSError as error:
            raise UnreadableError(f"{shown} cannot be read: {error.strerror or error}") from error
        except TarError as error:
            raise UnreadableError(f"{shown} is damaged: {error}; {REMEDY}") from error

    def size(self, name: str) -> int:
        return self._member(name)[1]

    def open(self, name: str) -> BinaryIO:
        start, size = self._member(name)
        file = open(self._path, "rb", buffering=0)  # noqa: SIM115 - the section closes it
        if _identity(file) != self._identity:
            file.close()
            raise OSError(f"{self._path} has changed since it was opened")
        return _Section(file, start, size)  # type: ignore[return-value]

    def _walk(self, file: BinaryIO, shown: str) -> None:
        stream = FileStream(file, self._identity[2])
        for count, member in enumerate(members(stream)):
            if count > MAX_MEMBERS:
                raise UnreadableError(f"{shown} has more than {MAX_MEMBERS} members: that is no image")
            path = member.path
            self._found.pop(path, None)
            self._links.pop(path, None)
            if member.kind is Kind.FILE and member.segments is None:
                self._found[path] = stream.position, member.size
            elif member.kind is Kind.LINK:
                self._links[path] = inside(posixpath.join(posixpath.dirname(path), member.target))
            elif member.kind is None:
                self._links[path] = member.target

    def _member(self, name: str) -> tuple[int, int]:
        path = inside(name)
        for _ in range(MAX_LINKS):
            if path not in self._links:
                break
            path = self._links[path]
        return self._found[path]


class _Folder:
    """The files of a folder; links in it are followed inside it only."""

    def __init__(self, path: str) -> None:
        self._path = path

    def size(self, name: str) -> int:
        with self.open(name) as file:
            return os.fstat(file.fileno()).st_size

    def open(self, name: str) -> BinaryIO:
        root = os.path.realpath(self._path)
        place = os.path.realpath(os.path.join(root, *inside(name).split("/")))
        if os.path.commonpath((root, place)) != root or not os.path.exists(place):
            raise KeyError(name)
        return _open_regular(place, name)


def _open_regular(path: str, shown: str) -> BinaryIO:
    """A file, unless it is a pipe, a device or the like. Raises OSError, UnreadableError."""
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
    file = os.fdopen(os.open(path, flags), "rb")
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise UnreadableError(f"{shown}: {path} is no regular file")
    return file


def _identity(file: BinaryIO) -> tuple[int, int, int, int]:
    """What tells a file from another one, or from itself before it was changed; the third is its size."""
    found = os.fstat(file.fileno())
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


# What `docker save` writes


def _from_docker(files: _Archive, shown: str, wanted: str) -> StoredImage:
    data = _read(files, "manifest.json", shown, "it is no archive of docker save: it has no manifest.json")
    listed = _json(data, shown, "manifest.json")
    images = [image for image in listed if isinstance(image, Mapping)] if isinstance(listed, list) else []
    if not images:
        raise UnreadableError(f"{shown}: its manifest.json names no image; {REMEDY}")
    image = _chosen_image(images, shown, wanted)
    config_name = image.get("Config")
    names = image.get("Layers")
    if not isinstance(config_name, str) or not isinstance(names, list) or not all(isinstance(n, str) for n in names):
        raise UnreadableError(f"{shown}: its manifest.json is damaged; {REMEDY}")
    data = _read(files, config_name, shown, f"its config {_printable(config_name)} is not in it; {REMEDY}")
    named = _NAMED.fullmatch(config_name)
    digest = _sha256(data)
    if named is not None and digest != "sha256:" + named[1]:
        raise UnreadableError(
            f"{shown} is damaged: its config {_printable(config_name)} has the digest {digest}; {REMEDY}"
        )
    config = parse_config(data, shown)
    diff_ids = _diff_ids(data, len(names), shown)
    layers = []
    for number, (name, diff_id) in enumerate(zip(names, diff_ids, strict=True), 1):
        blob = re.fullmatch(r"(?:\./)?blobs/sha256/([0-9a-f]{64})", name)
        layers.append(_layer(files, name, diff_id, "sha256:" + blob[1] if blob else "", f"{shown}, layer {number}"))
    return StoredImage(shown, config, digest, tuple(layers))


def _chosen_image(images: Sequence[Mapping[str, Any]], shown: str, wanted: str) -> Mapping[str, Any]:
    tags = [_strings(image.get("RepoTags")) for image in images]
    if wanted.startswith("@") and wanted[1:].isascii() and wanted[1:].isdigit() and int(wanted[1:6]) < len(images):
        return images[int(wanted[1:6])]
    found = (
        [image for image, own in zip(images, tags, strict=True) if _full(wanted) in map(_full, own)]
        if wanted
        else images
    )
    if len(found) == 1:
        return found[0]
    listed = _told([tag for own in tags for tag in own])
    if wanted:
        raise UnreadableError(f"{shown}: there is no {wanted} in it; it has {listed}")
    raise UnreadableError(
        f"{shown}: it has {len(images)} images; add the one that is meant, as FILE:NAME:TAG: {listed}"
    )


def _full(name: str) -> str:
    """A reference as Docker completes it."""
    first, slash, _ = name.partition("/")
    if not slash or not ("." in first or ":" in first or first == "localhost"):
        name = "docker.io/" + (name if slash else "library/" + name)
    name = name.replace("index.docker.io/", "docker.io/", 1)
    if name.startswith("docker.io/") and name.count("/") == 1:
        name = name.replace("/", "/library/", 1)
    return name if ":" in name.rpartition("/")[2] or "@" in name else name + ":latest"


def _strings(value: Any) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _printable(name: str) -> str:
    """A name that somebody else chose, as a message can show it."""
    shown = "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in name[:_SHOWN])
    return shown + ("…" if len(name) > _SHOWN else "")


def _told(names: Sequence[str]) -> str:
    """A few names for a message."""
    listed = [_printable(name) for name in dict.fromkeys(names)]
    if not listed:
        return "images without names (FILE:@0 is the first one)"
    return ", ".join(listed[:10]) + (f" and {len(listed) - 10} more" if len(listed) > 10 else "")


# OCI layouts


@dataclass(frozen=True)
class _Leaf:
    """A manifest that an index leads to."""

    digest: str
    names: tuple[str, ...]
    platform: str
    """Empty where nothing tells."""


def _from_layout(files: _Files, shown: str, wanted: str, platform: str) -> StoredImage:
    index = _json(_read(files, "index.json", shown, "it is no OCI layout: it has no index.json"), shown, "index.json")
    leaf, document = _chosen_leaf(files, _tagged(index, shown, wanted), shown, platform)
    stated = document.get("config")
    described = document.get("layers")
    if not isinstance(stated, Mapping) or not isinstance(described, list):
        raise UnreadableError(f"{shown}: its manifest {leaf.digest} is of a kind that is not read; convert it to OCI")
    digest = _digest(stated, shown)
    data = _blob(files, digest, shown)
    diff_ids = _diff_ids(data, len(described), shown)
    layers = []
    for number, (descriptor, diff_id) in enumerate(zip(described, diff_ids, strict=True), 1):
        stored = _digest(descriptor, shown)
        layers.append(_layer(files, _blob_name(stored), diff_id, stored, f"{shown}, layer {number}"))
    return StoredImage(shown, parse_config(data, shown), digest, tuple(layers), leaf.digest)


def _tagged(index: Any, shown: str, wanted: str) -> list[_Leaf]:
    """What index.json has of the image that is asked for: one manifest or index, or several for several platforms."""
    found = _descriptors(index, shown, "")
    if wanted.startswith("@") and wanted[1:].isascii() and wanted[1:].isdigit() and int(wanted[1:6]) < len(found):
        return [found[int(wanted[1:6])]]
    if wanted:
        fitting = [leaf for leaf in found if wanted in leaf.names or _full(wanted) in map(_full, leaf.names)]
        if not fitting:
            raise UnreadableError(f"{shown}: there is no {wanted} in it; it has {_told_names(found)}")
        return fitting
    if len({leaf.names for leaf in found}) > 1 and len({leaf.digest for leaf in found}) > 1:
        raise UnreadableError(
            f"{shown}: it has several images; add the one that is meant after a colon: {_told_names(found)}"
        )
    return found


def _told_names(leaves: Sequence[_Leaf]) -> str:
    return _told([leaf.names[0] for leaf in leaves if leaf.names])


def _descriptors(index: Any, shown: str, platform: str) -> list[_Leaf]:
    """What an index lists, but for what only describes other manifests (attestations)."""
    listed = index.get("manifests") if isinstance(index, Mapping) else None
    if not isinstance(listed, list) or len(listed) > MAX_MANIFESTS:
        raise UnreadableError(f"{shown}: its index is damaged; {REMEDY}")
    found = []
    for descriptor in listed:
        digest = _digest(descriptor, shown)
        annotations = descriptor.get("annotations")
        annotations = annotations if isinstance(annotations, Mapping) else {}
        if "vnd.docker.reference.type" in annotations:
            continue
        stated = descriptor.get("platform")
        parts = [stated.get(key) for key in ("os", "architecture", "variant")] if isinstance(stated, Mapping) else []
        own = "/".join(part for part in parts if isinstance(part, str) and part)
        names = (annotations.get(key) for key in ("org.opencontainers.image.ref.name", "io.containerd.image.name"))
        found.append(_Leaf(digest, tuple(name for name in names if isinstance(name, str)), own or platform))
    return found


def _chosen_leaf(files: _Files, found: list[_Leaf], shown: str, platform: str) -> tuple[_Leaf, Mapping[str, Any]]:
    """The manifest for the platform; indexes may lie within indexes."""
    leaves: dict[str, tuple[_Leaf, Mapping[str, Any]]] = {}
    seen: set[str] = set()
    missing = ""
    ahead = [(leaf, 0) for leaf in reversed(found)]
    while ahead:
        leaf, depth = ahead.pop()
        if leaf.digest in seen:
            continue
        seen.add(leaf.digest)
        if len(seen) > MAX_MANIFESTS or depth > MAX_NESTED:
            raise UnreadableError(f"{shown}: its indexes lead to more than {MAX_MANIFESTS} manifests, or in a circle")
        try:
            files.size(_blob_name(leaf.digest))
        except KeyError:
            # Engines save the index of all platforms and the image of their own.
            missing = missing or leaf.digest
            continue
        document = _json(_blob(files, leaf.digest, shown), shown, leaf.digest)
        if isinstance(document, Mapping) and "manifests" in document:
            ahead += [(below, depth + 1) for below in reversed(_descriptors(document, shown, leaf.platform))]
        elif isinstance(document, Mapping):
            told = leaf.platform or _platform_of(files, document, shown)
            leaves[leaf.digest] = _Leaf(leaf.digest, leaf.names, told), document
        else:
            raise UnreadableError(f"{shown}: its manifest {leaf.digest} is damaged; {REMEDY}")
    if not leaves:
        raise UnreadableError(
            f"{shown}: " + (f"{missing} is not in it" if missing else "it has no image") + f"; {REMEDY}"
        )
    images = list(leaves.values())
    fitting = images if len(images) == 1 else [image for image in images if _fits(image[0].platform, platform)]
    if not fitting:
        told = _told([leaf.platform for leaf, _ in images])
        raise UnreadableError(f"{shown}: it has no image for {platform}; choose one of its own with --platform: {told}")
    if len(fitting) > 1 and len({leaf.platform for leaf, _ in fitting}) == 1:
        raise UnreadableError(f"{shown}: it has {len(fitting)} images for {fitting[0][0].platform} that have no names")
    return fitting[0]


def _platform_of(files: _Files, manifest: Mapping[str, Any], shown: str) -> str:
    """The platform that the config of an image states; empty where it has none that is read."""
    stated = manifest.get("config")
    if not isinstance(stated, Mapping):
        return ""
    return parse_config(_blob(files, _digest(stated, shown), shown), shown).platform


def _fits(platform: str, wanted: str) -> bool:
    """Whether a platform is the wanted one, which may leave the variant open."""
    return platform == wanted or platform.startswith(wanted + "/")


def _digest(descriptor: Any, shown: str) -> str:
    found = descriptor.get("digest") if isinstance(descriptor, Mapping) else None
    if not isinstance(found, str) or not _DIGEST.fullmatch(found):
        raise UnreadableError(f"{shown}: a digest in it is none, or not one of sha256; {REMEDY}")
    return found


def _blob_name(digest: str) -> str:
    return "blobs/" + digest.replace(":", "/", 1)


def _blob(files: _Files, digest: str, shown: str) -> bytes:
    """A document by its digest, which is checked."""
    data = _read(files, _blob_name(digest), shown, f"{digest} is not in it; {REMEDY}")
    if _sha256(data) != digest:
        raise UnreadableError(f"{shown} is damaged: what it has as {digest} has the digest {_sha256(data)}; {REMEDY}")
    return data


# Both


def _read(files: _Files, name: str, shown: str, otherwise: str) -> bytes:
    """A document of bounded size. Raises UnreadableError, with `otherwise` where there is none."""
    try:
        size = files.size(name)
        if size > MAX_DOCUMENT:
            raise UnreadableError(
                f"{shown}: its {_printable(name)} has {size} bytes; more than {MAX_DOCUMENT} are not read"
            )
        with files.open(name) as file:
            return file.read(MAX_DOCUMENT)
    except KeyError as error:
        raise UnreadableError(f"{shown}: {otherwise}") from error
    except OSError as error:
        raise UnreadableError(f"{shown}: {_printable(name)} cannot be read: {error.strerror or error}") from error


def _json(data: bytes, shown: str, name: str) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise UnreadableError(f"{shown}: its {name} is not JSON: it is damaged; {REMEDY}") from error


def _sha256(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


def _diff_ids(config: bytes, count: int, shown: str) -> list[str]:
    """The digests of the uncompressed layers, which only the config has."""
    document = _json(config, shown, "config")
    stated = document.get("rootfs") if isinstance(document, Mapping) else None
    found = stated.get("diff_ids") if isinstance(stated, Mapping) else None
    if not isinstance(found, list) or not all(isinstance(item, str) and _DIGEST.fullmatch(item) for item in found):
        raise UnreadableError(f"{shown}: its config does not tell the digests of its layers: it is no image; {REMEDY}")
    if len(found) != count or count > MAX_LAYERS:
        raise UnreadableError(f"{shown}: its config tells of {len(found)} layers, its manifest of {count}; {REMEDY}")
    return found


def _layer(files: _Files, name: str, diff_id: str, digest: str, shown: str) -> Layer:
    try:
        size = files.size(name)
    except KeyError as error:
        raise UnreadableError(f"{shown} ({_printable(name)}) is not in it; {REMEDY}") from error
    except OSError as error:
        raise UnreadableError(f"{shown} cannot be read: {error.strerror or error}") from error
    return Layer(shown, diff_id, digest, size, partial(files.open, name))
