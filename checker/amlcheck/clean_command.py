"""`amlcheck clean`: removes what runs left that are dead, and tells what it was."""

from __future__ import annotations

import argparse

from amlcheck.exits import Exit


def run_clean(options: argparse.Namespace) -> Exit:
    """Containers and temporary folders of dead runs go; those of living ones, and everything else, stay.

    Raises AmlcheckError where the engine does not let one be removed.
    """
    from amlcheck.cli import write
    from amlcheck.image.engine import Engine, NoEngineError
    from amlcheck.image.ownership import sweep_folders

    lines = [f"removed folder {name}" for name in sweep_folders()]
    try:
        engine = Engine.connect()
    except NoEngineError as error:
        lines.append(f"containers were not looked for: {error}")
    else:
        try:
            lines += [f"removed container {name}" for name in engine.sweep()]
        finally:
            engine.close()
    write("".join(f"{line}\n" for line in lines or ["nothing was left"]), None)
    return Exit.MET
