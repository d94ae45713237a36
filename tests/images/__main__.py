"""`python -m images [NAME…]` builds test images (all, where none is named); `--list` names them.

`python -m images NAME… --then COMMAND…` builds them and runs a command with their full names, while the engine is there.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Sequence

from docker.errors import DockerException

from images.builder import Builder, BuildError
from images.catalogue import DEFINITIONS
from images.downloads import DownloadError
from private_engine import NoEngineError, engine_for_tests


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="images", description="Builds the images that tests probe.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="images to build; default: all")
    parser.add_argument("--list", action="store_true", help="only list them")
    parser.add_argument(
        "--then", nargs=argparse.REMAINDER, metavar="COMMAND", help="run it with the images' full names"
    )
    options = parser.parse_args(arguments)
    if unknown := [name for name in options.names if name not in DEFINITIONS]:
        parser.error(f"no image is named {unknown[0]}")
    if options.list:
        print("\n".join(DEFINITIONS))  # noqa: T201
        return 0
    start = time.monotonic()
    try:
        with engine_for_tests() as engine:
            builder = Builder(engine.address, lambda line: print(line, flush=True), prune=engine.private)  # noqa: T201
            full = [builder.build(name) for name in options.names or DEFINITIONS]
            builder.close()
            if options.then:
                environment = {**os.environ, "DOCKER_HOST": engine.address}
                return subprocess.run([*options.then, *full], env=environment, check=False).returncode
    except (NoEngineError, BuildError, DownloadError, DockerException) as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    print(f"{len(options.names or DEFINITIONS)} images in {time.monotonic() - start:.0f} s")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
