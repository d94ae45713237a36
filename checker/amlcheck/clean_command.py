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

    lines = [f"removed folder {name}" for name in sweep_folders()]
    try:
        engine = Engine.connect()
    except NoEngineError as error:
        lines.append(f"containers were not looked for: {error}")
    else:
        try:
            lines += [f"removed {name}" for name in engine.sweep()]
        finally:
            engine.close()
    if options.cache:
        lines += _empty_cache()
    write("".join(f"{line}\n" for line in lines or ["nothing was left"]), None)
    return Exit.MET


def _empty_cache() -> list[str]:
    from amlcheck.image.cache_folder import cache_folder

    emptied = []
    for name in _CACHES:
        folder = cache_folder(name)
        if any(folder.iterdir()):
            emptied.append(f"emptied {folder}")
        shutil.rmtree(folder, ignore_errors=True)
    return emptied
