"""How long `amlcheck probe` of ten images takes, against what their containers cost the engine (issue 7).

    python bench/probe.py [IMAGE …] [--rounds 7] [--limit 1.5] [--json FILE]

In turns, after a round that does not count: ten containers created, started with `true`, waited for and removed through
the docker SDK, in as many threads as amlcheck probes with, in a process that has imported everything and is connected;
the command `amlcheck probe IMAGE …`, a process of its own from start to exit; and the same in a process that runs already.
Printed are medians, ratios to the first, and seconds of processor time of the command. One image is probed under ten names;
without any, ten small ones are made (busybox, whose find is slower than GNU's) and removed.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "checker"), str(ROOT / "tests")]

import docker  # noqa: E402

from amlcheck.arguments import parser as amlcheck_parser  # noqa: E402
from amlcheck.probe_command import PARALLEL, probe_report  # noqa: E402
from private_engine import engine_for_tests  # noqa: E402
from small_images import Node, SmallImages, busybox, folder  # noqa: E402

COUNT = 10
REPOSITORY = "amlcheck-bench-probe"


@contextlib.contextmanager
def small_images() -> Iterator[list[str]]:
    """Ten that have a shell and say which system they are."""
    client = docker.DockerClient.from_env()
    made = SmallImages(client)
    try:
        names = []
        for number in range(COUNT):
            nodes = {**busybox(), "etc": folder(), "usr": folder(), "usr/bin": folder()}
            nodes["etc/os-release"] = Node(b'ID=ubuntu\nVERSION_ID="20.04"\n')
            nodes["etc/number"] = Node(str(number).encode())
            names.append(made.make(nodes, ['CMD ["/bin/sh"]']))
        yield names
    finally:
        made.remove()
        client.close()


@contextlib.contextmanager
def images_of(given: Sequence[str]) -> Iterator[Sequence[str]]:
    """Those that were given; of one, ten names, as the same name is probed once; of none, ten small ones."""
    if not given:
        with small_images() as names:
            yield names
        return
    if len(given) > 1:
        yield given
        return
    client = docker.DockerClient.from_env().api
    names = [f"{REPOSITORY}:{number}" for number in range(COUNT)]
    try:
        for number in range(COUNT):
            client.tag(given[0], REPOSITORY, str(number))
        yield names
    finally:
        for name in names:
            with contextlib.suppress(docker.errors.ImageNotFound):
                client.remove_image(name, noprune=True)
        client.close()


def by_the_engine(images: Sequence[str], client: docker.APIClient) -> float:
    """Seconds that the containers alone take."""

    def one(image: str) -> None:
        host = client.create_host_config(network_mode="none")
        made = client.create_container(image, ["-c", "true"], entrypoint=["/bin/sh"], host_config=host)["Id"]
        try:
            client.start(made)
            client.wait(made)
        finally:
            client.remove_container(made, v=True, force=True)

    begun = time.perf_counter()
    with ThreadPoolExecutor(min(PARALLEL, len(images))) as pool:
        list(pool.map(one, images))
    return time.perf_counter() - begun


def by_the_command(images: Sequence[str]) -> tuple[float, float]:
    """Seconds, and seconds of processor time, of a process of its own."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPATH"] = str(ROOT / "checker")
    command = [sys.executable, "-m", "amlcheck", "probe", *images, "--no-config", "--format=json", "--pull=never"]
    begun = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=environment)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode in (0, 1, 3), f"exit code {process.returncode}"
    return time.perf_counter() - begun, used.ru_utime + used.ru_stime


def in_process(images: Sequence[str]) -> float:
    """Seconds of the same here, without the start of Python and without writing the report."""
    options = amlcheck_parser().parse_args(["probe", *images, "--no-config", "--pull=never"])
    begun = time.perf_counter()
    report, _ = probe_report(options)
    assert not [subject for subject in report.subjects if subject.error]
    return time.perf_counter() - begun


def measure(images: Sequence[str], rounds: int) -> dict[str, float]:
    """The medians of all ways, in turns."""
    client = docker.DockerClient.from_env().api
    engine: list[float] = []
    command: list[tuple[float, float]] = []
    called: list[float] = []
    for number in range(rounds + 1):
        taken = by_the_engine(images, client), by_the_command(images), in_process(images)
        if number:
            engine.append(taken[0])
            command.append(taken[1])
            called.append(taken[2])
    client.close()
    return {
        "images": len(images),
        "threads": min(PARALLEL, len(images)),
        "engine": statistics.median(engine),
        "command": statistics.median(item[0] for item in command),
        "command_cpu": statistics.median(item[1] for item in command),
        "in_process": statistics.median(called),
    }


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("images", nargs="*")
    options.add_argument("--rounds", type=int, default=7)
    options.add_argument("--limit", type=float, default=1.5)
    options.add_argument("--json", type=Path, default=ROOT / ".bench" / "probe.json")
    given = options.parse_args()
    with engine_for_tests() as where:
        os.environ["DOCKER_HOST"] = where.address
        with images_of(given.images) as images:
            found = measure(images, given.rounds)
    base, command, called = found["engine"], found["command"], found["in_process"]
    print(
        f"{len(images)} images, {found['threads']} at once, {given.rounds} rounds in turns, {os.cpu_count()} processors"
    )
    print(f"their containers alone, by the SDK:      {base:6.2f} s")
    print(
        f"amlcheck probe, a process of its own:    {command:6.2f} s, {command / base:.2f} times (allowed {given.limit:g});"
        f" {found['command_cpu']:.2f} s of processor time"
    )
    print(f"the same in a process that runs:         {called:6.2f} s, {called / base:.2f} times")
    given.json.parent.mkdir(parents=True, exist_ok=True)
    given.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    return 0 if command <= given.limit * base else 1


if __name__ == "__main__":
    sys.exit(main())
