"""`amlcheck clean`: removes what runs left that are dead, and tells what it was."""

from __future__ import annotations

import argparse
import shutil

from amlcheck.exits import Exit

_CACHES = ("layers", "registry", "lint")
"""What is remembered, each in a folder of its own: a folder that the user named may have other things in it."""


def run_clean(options: argparse.Namespace) -> Exit:
    """What dead runs left in the engine and in temporary folders goes; living runs, and everything else, keep theirs.

    Raises AmlcheckError where the engine does not let something be removed.
    """
    from amlcheck.image.engine import Engine, NoEngineError
    from amlcheck.image.ownership import sweep_folders
    from amlcheck.report.destination import write

    removed = [f"removed folder {name}" for name in sweep_folders()]
    lines: list[str] = []
    try:
        engine = Engine.connect()
    except NoEngineError as error:
        if not removed:
            lines.append("no temporary folder was left by a killed run")
        lines.append(f"containers, networks and images were not looked for: {error.why}")
    else:
        try:
            removed += [f"removed {name}" for name in engine.sweep()]
        finally:
            engine.close()
        if not removed:
            lines.append("nothing was left by a killed run: no container, network, image or temporary folder")
    if options.cache:
        lines.append(_empty_cache())
    write("".join(f"{line}\n" for line in (*removed, *lines)), None)
    return Exit.MET


def _empty_cache() -> str:
    from amlcheck.image.cache_folder import cache_folder

    size = 0
    for name in _CACHES:
        folder = cache_folder(name)
        size += sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file())
        shutil.rmtree(folder, ignore_errors=True)
    where = cache_folder()
    return f"emptied the cache {where}: {_shown(size)}" if size else f"the cache {where} was empty already"


def _shown(size: int) -> str:
    """Bytes for people."""
    return f"{size / (1 << 20):.1f} MB" if size >= 1 << 20 else f"{size / 1024:.1f} KB"
