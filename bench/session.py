"""How long all built-in probes of an image take through the session, against what one container costs (issue 3, acceptance 7).

    python bench/session.py IMAGE [--rounds 9]

In turns, in one process that has imported everything: `containers.run(IMAGE, "true", remove=True)` of the docker SDK;
amlcheck's opening, probing and closing of the image; and the same probes through testinfra's own docker backend, in a
container that runs already, whose start and end are not counted. There, the files are asked of testinfra's host, one
command a question: that is how its docker backend works. What a probe has worked out once is worked out once in both.
Printed are medians and their ratios.
"""

from __future__ import annotations

import argparse
import os
import shlex
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "checker"))

import docker  # noqa: E402
import testinfra  # noqa: E402

from amlcheck.catalog import catalog  # noqa: E402
from amlcheck.image.engine import Engine  # noqa: E402
from amlcheck.image.image import Image  # noqa: E402
from amlcheck.image.tree import (  # noqa: E402
    MAX_CONTENT,
    MAX_MATCH,
    MAX_MATCHES,
    PSEUDO,
    Entry,
    Kind,
    NotReadableError,
    matcher,
)
from amlcheck.probe import ProbeOptions, probe_image  # noqa: E402
from amlcheck.probing import load_probes  # noqa: E402
from amlcheck.profiles import load_profile  # noqa: E402

LIMIT_RUN = 1.3
"""At most so many times what `containers.run` takes."""
LIMIT_TESTINFRA = 10.0
"""At least so many times faster than testinfra's docker backend."""
_KINDS = {"regular file": Kind.FILE, "regular empty file": Kind.FILE, "directory": Kind.DIRECTORY}


class CommandTree:
    """The files of a container through testinfra's host, a command a question."""

    def __init__(self, host: Any) -> None:
        self.host = host
        self.commands = 0

    def _run(self, command: str, *arguments: str) -> Any:
        self.commands += 1
        return self.host.run(command, *arguments)

    def lstat(self, path: str) -> Entry | None:
        return self._entry('f=%s; d=$(readlink -f "$(dirname "$f")") && f=$d/${f##*/} && ' + _STAT, path)

    def stat(self, path: str) -> Entry | None:
        return self._entry("f=$(readlink -f %s) && " + _STAT, path)

    def _entry(self, command: str, path: str) -> Entry | None:
        found = self._run(command, path)
        entries = _entries(found.stdout) if found.rc == 0 else []
        return entries[0] if entries else None

    def names(self, path: str) -> list[str]:
        found = self._run("ls -A %s", path)
        return sorted(found.stdout.split("\n")[:-1]) if found.rc == 0 else []

    def find(self, *patterns: str) -> list[Entry]:
        pruned = " -o ".join(f"-path {place}" for place in PSEUDO)
        wanted = " -o ".join(f"-path {shlex.quote(pattern)}" for pattern in patterns)
        printed = r"-exec stat -c '%%F|%%s|%%a|%%n' {} +"
        found = self._run(f"find / -xdev \\( {pruned} \\) -prune -o \\( {wanted.replace('%', '%%')} \\) {printed}" % ())
        fits = matcher(patterns)
        return sorted((entry for entry in _entries(found.stdout) if fits(entry.path)), key=lambda entry: entry.path)

    def read(self, path: str, limit: int = MAX_CONTENT) -> bytes:
        entry = self.stat(path)
        if entry is None or entry.kind is not Kind.FILE or entry.size > limit:
            raise NotReadableError(path)
        self.commands += 1
        content: bytes = self.host.file(path).content
        return content

    def search(self, path: str, expression: str) -> list[str]:
        found = self._run("LC_ALL=C grep -aoE -e %s -- %s", expression, path)
        lines = dict.fromkeys(found.stdout_bytes.split(b"\n")[:-1])
        return [line[:MAX_MATCH].decode("utf-8", "replace") for line in list(lines)[:MAX_MATCHES]]


_STAT = "stat -c '%%F|%%s|%%a|%%n' \"$f\""


def _entries(text: str) -> list[Entry]:
    entries = []
    for line in text.splitlines():
        kind, size, mode, path = line.split("|", 3)
        entries.append(Entry(path, _KINDS.get(kind, Kind.OTHER), int(size), int(mode, 8)))
    return entries


def main() -> int:
    parser = argparse.ArgumentParser(description="Measures acceptance 7 of issue 3.")
    parser.add_argument("image")
    parser.add_argument("--rounds", type=int, default=9)
    given = parser.parse_args()
    client = docker.DockerClient.from_env()
    engine = Engine.connect()
    known = catalog()
    probes = load_probes(known)
    options = ProbeOptions(load_profile(known, "azureml-2021-04"))
    network = _network(client, given.image)

    def container() -> None:
        client.containers.run(given.image, "true", remove=True, entrypoint="", **network)

    opened: list[float] = []

    def session() -> None:
        began = time.perf_counter()
        image = engine.open(given.image, given.image, probes.wanted)
        opened.append(time.perf_counter() - began)
        try:
            probe_image(known, probes, image, options)
        finally:
            image.close()

    commands = 0

    def own_backend() -> float:
        nonlocal commands
        running = client.containers.run(
            given.image, ["-c", "sleep 600"], entrypoint="/bin/sh", detach=True, network_mode="none"
        )
        try:
            host = testinfra.get_host(f"docker://{running.id}")
            config, digest = engine.config(given.image)
            tree = CommandTree(host)
            began = time.perf_counter()
            probe_image(known, probes, Image(given.image, tree, config, host, "testinfra", digest), options)
            took = time.perf_counter() - began
            commands = tree.commands
        finally:
            running.remove(force=True)
        return took

    for warm in (container, session):
        warm()
    opened.clear()
    runs: list[float] = []
    sessions: list[float] = []
    owns: list[float] = []
    for number in range(given.rounds):
        runs.append(_timed(container))
        sessions.append(_timed(session))
        if number % 3 == 0:
            owns.append(own_backend())
    engine.close()
    run, ours, own = (statistics.median(times) for times in (runs, sessions, owns))
    print(f"image {given.image}, {given.rounds} rounds in turns on {os.cpu_count()} processors; medians")
    print(f"containers.run(image, 'true', remove=True)        {run:7.3f} s" + ("  (network none)" if network else ""))
    print(
        f"amlcheck: open, all built-in probes, close        {ours:7.3f} s  (of it open {statistics.median(opened):.3f} s)"
    )
    print(f"the same probes, testinfra's docker backend       {own:7.3f} s  ({commands} questions of files)")
    print(f"amlcheck / containers.run                         {ours / run:7.2f}    at most {LIMIT_RUN}")
    print(f"testinfra's docker backend / amlcheck             {own / ours:7.1f}    at least {LIMIT_TESTINFRA:g}")
    return 0 if ours <= LIMIT_RUN * run and own >= LIMIT_TESTINFRA * ours else 1


def _network(client: Any, image: str) -> dict[str, str]:
    """Nothing, unless the engine has no network to give, as private engines of tests have none."""
    try:
        client.containers.run(image, "true", remove=True, entrypoint="")
    except docker.errors.APIError:
        for left in client.containers.list(all=True, filters={"status": "created", "ancestor": image}):
            if left.attrs.get("Command") == "true" or left.attrs.get("Path") == "true":
                left.remove()
        return {"network_mode": "none"}
    return {}


def _timed(call: Callable[[], None]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


if __name__ == "__main__":
    sys.exit(main())
