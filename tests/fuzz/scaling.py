"""What files of unusual size or shape cost, at three sizes, and how that grows.

    python tests/fuzz/scaling.py [--size N] [--only WORDS] [--bound SECONDS] [--json FILE]

Each is linted in a process of its own at N, 2 N and 4 N. Printed are seconds of processor time, the most memory over that of an
empty lint, and the exponent between the last two: 1 where twice the file costs twice the time, 2 where it costs four times.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import resource
import signal
import sys
import tempfile
import time
import traceback
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "checker"), str(ROOT / "tests")]

from amlcheck.catalog import CRASHED, Catalog, catalog
from amlcheck.discover import is_environment_name
from amlcheck.environment.judging import lint_environment
from amlcheck.lint import LintOptions, lint_file
from amlcheck.model import SubjectReport
from amlcheck.profiles import load_profile, with_flavour
from fuzz.shapes import SHAPES, Files

MEMORY = 6 << 30
"""Address space of a lint: what needs more ends with MemoryError, which is shown."""
FASTEST = 0.02
"""Seconds below which an exponent says nothing."""


def linted(known: Catalog, options: LintOptions, files: Files, folder: Path) -> SubjectReport:
    """The report on the first of some files."""
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    first = folder / next(iter(files))
    if is_environment_name(first.name) or first.suffix == ".py":
        return lint_environment(known, str(first), options)
    return lint_file(known, first, first.name, options)


def usual_options(known: Catalog) -> LintOptions:
    """Everything is asked."""
    return LintOptions(with_flavour(known, load_profile(known, "azureml-2021-04"), "openmpi-gpu"))


def _measured(known: Catalog, files: Files, bound: float) -> dict[str, object]:
    """Seconds, bytes and what went wrong, in a process of its own."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        with os.fdopen(writing, "w") as pipe, tempfile.TemporaryDirectory() as folder:
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
            signal.setitimer(signal.ITIMER_PROF, bound)
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            start = time.process_time()
            wrong = ""
            try:
                report = linted(known, usual_options(known), files, Path(folder))
                failed = [item.message for item in report.findings if item.rule == CRASHED]
                failed += [item.reason for item in report.judgements if " failed: " in item.reason]
                wrong = "; ".join(failed)[:200] or (report.error or "")[:60]
            except BaseException as error:
                wrong = f"CRASH {type(error).__name__}: {traceback.format_exc()[-300:]}"
            taken = time.process_time() - start
            memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
            pipe.write(json.dumps({"seconds": taken, "memory": memory << 10, "wrong": wrong}))
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        text = pipe.read()
    status = os.waitpid(pid, 0)[1]
    if text:
        found: dict[str, object] = json.loads(text)
        return found
    killed = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
    return {
        "seconds": bound,
        "memory": 0,
        "wrong": f"HANG over {bound} s" if killed == signal.SIGPROF else f"DIED {status}",
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=1000, help="the smallest size; default: 1000")
    parser.add_argument("--only", default="", help="shapes whose name has these words")
    parser.add_argument("--bound", type=float, default=60.0, help="seconds of processor time for one; default: 60")
    parser.add_argument("--json", type=Path, help="where the figures are written")
    given = parser.parse_args()
    known = catalog()
    with tempfile.TemporaryDirectory() as folder:
        linted(known, usual_options(known), {"Dockerfile": "FROM ubuntu:20.04\nRUN pip install a\n"}, Path(folder))
        linted(known, usual_options(known), {"environment.yml": "dependencies: [a]\n"}, Path(folder))
    rows = {}
    print(f"{'shape':44} {'N':>8} {'2 N':>8} {'4 N':>8} s  {'MB':>6}  exponent")
    for name, shape in SHAPES.items():
        if given.only not in name:
            continue
        sizes = [given.size, 2 * given.size, 4 * given.size]
        found = [_measured(known, shape(size), given.bound) for size in sizes]
        seconds = [float(str(item["seconds"])) for item in found]
        memory = int(str(found[-1]["memory"])) >> 20
        exponent = math.log2(max(seconds[2], 1e-6) / max(seconds[1], 1e-6)) if seconds[2] > FASTEST else None
        shown = f"{exponent:.2f}" if exponent is not None else "-"
        mark = " <<<" if (exponent or 0) > 1.35 or memory > 400 else ""
        wrong = next((str(item["wrong"]) for item in found[::-1] if item["wrong"]), "")
        times = " ".join(f"{item:8.3f}" for item in seconds)
        print(f"{name:44} {times}    {memory:6}  {shown}{mark} {wrong}", flush=True)
        rows[name] = {"sizes": sizes, "seconds": seconds, "memory": memory, "exponent": exponent, "wrong": wrong}
    if given.json is not None:
        given.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
