"""What `amlcheck score` costs beyond the container and the server themselves (issue 4, acceptance 4).

    python bench/score.py [--rounds 5]

In turns, on the compliant test image with the real server and the same entry script:

- plain: `docker run -d`, a loop of curl until GET / answers 200, one scoring request by curl, `docker stop`, `docker rm`;
- amlcheck: `amlcheck score --no-bad-requests`, which does the same and judges the answer, in a fresh process;
- how long it takes from the moment at which the server first answers 200 until amlcheck knows it, seen by a process of
  its own that asks the container every millisecond; for the real server, which accepts connections long before it
  answers, and for one that refuses them until it is ready.

Printed are medians and ratios. Needs an engine, as the live tests do (tests/private_engine.py).
"""

from __future__ import annotations

import argparse
import contextlib
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "checker"), str(ROOT / "tests")]

from amlcheck.deployment.deploy import deploy  # noqa: E402
from amlcheck.deployment.options import DeployOptions, Route, Routes  # noqa: E402
from amlcheck.image.engine import Engine  # noqa: E402
from amlcheck.image.ownership import RUN  # noqa: E402
from images.builder import Builder  # noqa: E402
from private_engine import engine_for_tests  # noqa: E402

SCRIPT = ROOT / "checker" / "amlcheck" / "deployment" / "in_container" / "entry.py"
SAMPLE = '{"data": [[1,2,3,4,5,6,7,8,9,10],[10,9,8,7,6,5,4,3,2,1]]}'
NETWORK = "amlcheck-bench"
NAME = "amlcheck-bench"
LIMITS = (50.0, 0.3)
"""Milliseconds until an answer is known, and seconds of overhead."""
OWN = Routes(Route(5001, "/health"), Route(5001, "/ready"), Route(5001, "/score"))
_PLAIN = """
set -e
docker run -d --name "$NAME" --network "$NETWORK" -p 127.0.0.1::5001 -v "$SCRIPT:/var/azureml-app/score.py:ro" \
  -w /var/azureml-app -e AML_APP_ROOT=/var/azureml-app --entrypoint azmlinfsrv "$IMAGE" \
  --entry_script /var/azureml-app/score.py --port 5001 > /dev/null
address=$(docker inspect -f "{{(index .NetworkSettings.Networks \\"$NETWORK\\").IPAddress}}" "$NAME"):5001
until [ "$(curl -s -m 2 -o /dev/null -w '%{http_code}' "http://$address/")" = 200 ]; do sleep 0.01; done
test "$(curl -s -H 'Content-Type: application/json' -d "$SAMPLE" "http://$address/score")" = "[55, 55]"
docker stop "$NAME" > /dev/null
docker rm -f "$NAME" > /dev/null
"""
_OBSERVER = """
import http.client, sys, time
host, port, path = sys.argv[1], int(sys.argv[2]), sys.argv[3]
while True:
    connection = http.client.HTTPConnection(host, port, timeout=60)
    try:
        connection.request("GET", path)
        if connection.getresponse().status == 200:
            print(time.monotonic())
            break
    except (OSError, http.client.HTTPException):
        pass
    connection.close()
    time.sleep(0.001)
"""


def plain(image: str) -> float:
    """Seconds that the shell's way takes."""
    environment = {
        **os.environ,
        "NAME": NAME,
        "NETWORK": NETWORK,
        "SCRIPT": str(SCRIPT),
        "IMAGE": image,
        "SAMPLE": SAMPLE,
    }
    begun = time.monotonic()
    subprocess.run(["sh", "-c", _PLAIN], env=environment, check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - begun


def scored(image: str) -> float:
    """Seconds that amlcheck takes, with the start of Python."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "checker")}
    command = [sys.executable, "-m", "amlcheck", "score", image, "--no-bad-requests", "--no-config"]
    begun = time.monotonic()
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - begun


def called(image: str, engine: Engine) -> float:
    """Seconds of the same as a function of a process that runs already."""
    begun = time.monotonic()
    assert deploy(image, DeployOptions(bad_requests=False), engine).failure is None
    return time.monotonic() - begun


def known_after(image: str, options: DeployOptions, engine: Engine) -> float:
    """Milliseconds from the server's first 200 to amlcheck's knowing it; negative where it knew before the observer."""
    observers: list[subprocess.Popen[str]] = []
    known: list[float] = []

    def told(text: str) -> None:
        if text == "waiting until it is live":
            (container,) = engine.client.containers(filters={"label": f"amlcheck.run={RUN}"})
            (network,) = container["NetworkSettings"]["Networks"].values()
            path = (options.routes or Routes()).liveness.path
            command = [sys.executable, "-c", _OBSERVER, network["IPAddress"], "5001", path]
            observers.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
        elif text in ("waiting until it is ready", "scoring") and not known:
            known.append(time.monotonic())

    assert deploy(image, options, engine, told).failure is None
    output, _ = observers[0].communicate(timeout=10)
    return (known[0] - float(output)) * 1000


@contextlib.contextmanager
def network(engine: Engine) -> Iterator[None]:
    """For the plain way: making a network is not part of it."""
    engine.client.create_network(NETWORK, driver="bridge")
    try:
        yield
    finally:
        with contextlib.suppress(Exception):
            engine.client.remove_container(NAME, force=True)
        engine.client.remove_network(NETWORK)


def rounds(count: int, *ways: Callable[[], float]) -> list[list[float]]:
    """Each way so often, in turns, after one round that does not count."""
    found = [[way() for way in ways] for _ in range(count + 1)][1:]
    return [list(column) for column in zip(*found, strict=True)]


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rounds", type=int, default=5)
    count = options.parse_args().rounds
    with engine_for_tests() as where:
        os.environ["DOCKER_HOST"] = where.address
        builder = Builder(where.address)
        image, other = builder.build("compliant"), builder.build("any-server")
        builder.close()
        with contextlib.closing(Engine.connect()) as engine, network(engine):
            refusing = DeployOptions(
                routes=OWN, environment={"SERVER": "good"}, bad_requests=False, stop_timeout=1, request_timeout=10
            )
            times = rounds(
                count,
                lambda: plain(image),
                lambda: scored(image),
                lambda: called(image, engine),
                lambda: known_after(image, DeployOptions(bad_requests=False), engine),
                lambda: known_after(other, refusing, engine),
            )
    shell, command, function, hanging, refused = map(statistics.median, times)
    overheads = [ours - theirs for theirs, ours in zip(times[0], times[1], strict=True)]
    overhead = f"{statistics.median(overheads):+.2f} s (allowed {LIMITS[1]:+.2f})"
    allowed = f"(allowed {LIMITS[0]:g})"
    print(f"docker run, curl loop, docker stop, docker rm: {shell:.2f} s")
    print(f"amlcheck score, a process of its own:          {command:.2f} s, {command / shell:.2f} times, {overhead}")
    print(f"deploy(), in a process that runs:              {function:.2f} s, {function / shell:.2f} times")
    print(f"known after the first 200, one that hangs:     {hanging:+.1f} ms, at most {max(times[3]):+.1f} {allowed}")
    print(f"known after the first 200, one that refuses:   {refused:+.1f} ms, at most {max(times[4]):+.1f} {allowed}")
    good = statistics.median(overheads) <= LIMITS[1] and max(*times[3], *times[4]) <= LIMITS[0]
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
