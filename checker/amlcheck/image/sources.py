"""Opens an image wherever it is: a local engine, a registry, an archive, a layout or a root file system."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from amlcheck.errors import AmlcheckError, UnreadableError
from amlcheck.image.config import UNKNOWN_CONFIG
from amlcheck.image.image import Image, ImageReference
from amlcheck.image.tree import Wanted
from amlcheck.records import dataclass

EXECUTE = ("engine", "sandbox", "never")
"""Where programs of the image may run: in a container of the engine that has it, under bubblewrap, or nowhere."""
PULL = ("missing", "always", "never")
NOT_ASKED = "run it from an engine, or add --execute sandbox, to ask its programs too"


@dataclass(frozen=True)
class OpenOptions:
    """How images are opened, the same for all of a run."""

    pull: str = "missing"
    platform: str = ""
    """Of a multi-platform image, as "linux/arm64"; empty is linux/amd64, or the only one there is."""
    execute: str = "engine"
    gpus: str = ""
    """As `docker run --gpus` takes it; empty for none."""
    told: Callable[[str], None] = lambda text: None
    """Hears what is being done, for progress."""


def open_image(reference: ImageReference, wanted: Wanted, options: OpenOptions) -> Image:
    """An opened image; the caller closes it. Raises AmlcheckError with one sentence where it cannot be had."""
    if reference.transport == "rootfs":
        return _rootfs(reference, wanted, options)
    if reference.transport in ("docker-archive", "oci-archive", "oci"):
        return _stored(reference, reference.transport, reference.name, wanted, options)
    if reference.transport == "docker":
        return _registry(reference, wanted, options)
    return _named(reference, wanted, options)


def _named(reference: ImageReference, wanted: Wanted, options: OpenOptions) -> Image:
    """A name: the engine's image, pulled as asked; without an engine, the registry's."""
    from amlcheck.image.engine import Engine, NoEngineError

    try:
        engine = Engine.connect()
    except NoEngineError as error:
        if reference.transport == "docker-daemon" or options.pull == "never":
            raise
        return _registry_instead(reference, wanted, options, error)
    try:
        if reference.transport != "docker-daemon":
            options.told(f"looking for {reference.name}")
            engine.provide(reference.name, options.pull, options.platform)
        options.told("asking the image")
        return engine.open(
            reference.text, reference.name, wanted, execute=options.execute != "never", gpus=options.gpus
        )
    except BaseException:
        engine.close()
        raise


def _registry_instead(reference: ImageReference, wanted: Wanted, options: OpenOptions, why: AmlcheckError) -> Image:
    if _looks_like_a_file(reference.name):
        raise AmlcheckError(
            f"{reference.text}: is a file or folder here, and no image name; "
            "write docker-archive:, oci-archive:, oci: or rootfs: before it"
        )
    try:
        return _registry(reference, wanted, options)
    except UnreadableError as error:
        raise UnreadableError(f"{error} (and {why})") from error


def _looks_like_a_file(name: str) -> bool:
    return name.startswith((".", "/", "~")) or (os.path.exists(name) and ("." in name or os.path.isdir(name)))


def _registry(reference: ImageReference, wanted: Wanted, options: OpenOptions) -> Image:
    from amlcheck.image.registry import fetch_image

    def told(done: int, total: int) -> None:
        options.told(f"downloading {done >> 20} of {total >> 20} MB" if total else f"downloading {done >> 20} MB")

    layout = fetch_image(reference.name, platform=options.platform, told=told)
    return _stored(reference, "oci", str(layout), wanted, options)


def _stored(reference: ImageReference, transport: str, name: str, wanted: Wanted, options: OpenOptions) -> Image:
    from amlcheck.image.archive import open_stored
    from amlcheck.image.host import files_only_host
    from amlcheck.image.layer_cache import LayerCache
    from amlcheck.image.overlay import tree_of

    options.told("reading layers")
    stored = open_stored(transport, name, platform=options.platform)
    try:
        if options.execute == "sandbox":
            from amlcheck.image.sandbox import open_sandbox

            return open_sandbox(reference.text, stored, wanted)
        tree = tree_of(stored, wanted, LayerCache())
        reason = _not_run(reference, options)
        return Image(
            name=reference.text,
            files=tree,
            config=stored.config,
            host=files_only_host(tree, reason),
            source=reference.transport or "registry",
            digest=stored.digest,
            cannot_run=reason,
            close=stored.close,
        )
    except BaseException:
        stored.close()
        raise


def _rootfs(reference: ImageReference, wanted: Wanted, options: OpenOptions) -> Image:
    from amlcheck.image.host import files_only_host
    from amlcheck.image.rootfs import RootfsTree

    folder = Path(reference.name)
    if not folder.is_dir():
        raise UnreadableError(f"{reference.text}: is no folder; name the root of the file system")
    if options.execute == "sandbox":
        from amlcheck.image.sandbox import open_sandbox

        return open_sandbox(reference.text, folder, wanted)
    tree = RootfsTree(folder)
    reason = _not_run(reference, options)
    return Image(
        name=reference.text,
        files=tree,
        config=UNKNOWN_CONFIG,
        host=files_only_host(tree, reason),
        source="rootfs",
        cannot_run=reason,
    )


def _not_run(reference: ImageReference, options: OpenOptions) -> str:
    if options.execute == "never":
        return "--execute never"
    return f"only its files were read; {NOT_ASKED}"
