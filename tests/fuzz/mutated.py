"""Mutated Dockerfiles through the reader, BuildKit's parser and the whole lint.

    python tests/fuzz/mutated.py --corpus DIR --count 1000000 --seed 1 --workers 2 --out FOLDER

Each mutant is read and compared with what BuildKit's parser (PyPI `dockerfile`) makes of it, then linted with a build context
beside it, and now and then its report is written in each format. Counted are crashes (an exception, a rule that failed, a
process that died), hangs (more than `--bound` seconds of processor time) and disagreements by class (see `disagreements.py`).
What was found is written to the folder, with the mutant and its number; the totals to `progress.json`, all the time.
`--first N` goes on where an earlier run ended; `--only N` runs one mutant and says all about it.
"""

from __future__ import annotations

import argparse
import json
import mmap
import os
import resource
import signal
import struct
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "checker"), str(ROOT / "tests")]

from amlcheck.catalog import CRASHED, Catalog, catalog
from amlcheck.dockerfile.context import Context
from amlcheck.dockerfile.reader import read
from amlcheck.errors import UnreadableError
from amlcheck.lint import LintOptions, decode, lint_text
from amlcheck.model import Report, Severity, SubjectReport
from amlcheck.profiles import load_profile, with_flavour
from amlcheck.report import formats, text_report
from fuzz.mutators import Corpus
from fuzz.newest import Newest, difference

CHUNK = 2000
"""Mutants that one process takes."""
MEMORY = 8 << 30
"""Address space of a process; Go reserves much of it."""
KEPT = 300
"""Of each kind of find so many are written down."""
_NUMBER = struct.Struct("q")

_CONTEXT = {
    "requirements.txt": "azureml-defaults==1.30.0\n-r more.txt\nnumpy>=1.19,<2 ; python_version<'3.9' --hash=sha256:0\n",
    "more.txt": "-r requirements.txt\nscikit-learn\n",
    "environment.yml": "name: a\ndependencies:\n  - python=3.8\n  - pip:\n    - azureml-defaults\n",
    "conda.yaml": "dependencies: [python=3.7, {pip: [flask]}]\n",
    "install.sh": "#!/bin/bash\nset -e\napt-get install -y nginx $1\n. ./install.sh\n",
    "src/score.py": "def init(): ...\n",
    ".dockerignore": "*.md\n!src/**\n",
}


@dataclass
class Tally:
    """What a number of mutants came to."""

    mutants: int = 0
    linted: int = 0
    compared: int = 0
    """With BuildKit's parser as PyPI's `dockerfile` has it."""
    asked_newest: int = 0
    """With BuildKit of today."""
    refused_by_both: int = 0
    rendered: int = 0
    slowest: float = 0.0
    """Seconds of processor time for one mutant."""
    slowest_number: int = -1
    memory: int = 0
    """The most KiB that a process held."""
    cpu: float = 0.0
    found: Counter[str] = field(default_factory=Counter)

    def add(self, other: Tally) -> None:
        for name in ("mutants", "linted", "compared", "asked_newest", "refused_by_both", "rendered", "cpu"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        if other.slowest > self.slowest:
            self.slowest, self.slowest_number = other.slowest, other.slowest_number
        self.memory = max(self.memory, other.memory)
        self.found.update(other.found)

    def as_json(self) -> dict[str, Any]:
        return {**self.__dict__, "found": dict(sorted(self.found.items()))}

    @classmethod
    def parse(cls, text: str) -> Tally:
        values = json.loads(text)
        return cls(**{**values, "found": Counter(values["found"])})


class Finds:
    """Where finds are put down: one file a kind, one line a find."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def put(self, kind: str, number: int, content: bytes, detail: str) -> None:
        path = self.folder / f"{kind.replace(' ', '-').replace('/', '-')}.jsonl"
        if path.exists() and path.stat().st_size > KEPT * 200_000:
            return
        line = json.dumps({"number": number, "detail": detail, "content": content.decode("utf-8", "surrogateescape")})
        with path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")


class Harness:
    """Runs mutants one after the other; the catalogue is loaded once."""

    def __init__(self, known: Catalog, finds: Finds, context: Path) -> None:
        self.known = known
        self.finds = finds
        plain = load_profile(known, "azureml-2021-04")
        self.options = [
            LintOptions(with_flavour(known, plain, "openmpi-gpu")),
            LintOptions(plain, build_args={"A": "x", "BASE_IMAGE": "ubuntu:20.04"}),
        ]
        self.contexts = [Context(context), None]
        self.newest: Newest | None = None

    def run(self, number: int, content: bytes, tally: Tally) -> None:
        tally.mutants += 1
        try:
            text = decode(content, "Dockerfile")
        except UnreadableError:
            tally.found["unreadable"] += 1
            return
        self.compare(number, content, tally)
        self.lint(number, content, text, tally)

    def compare(self, number: int, content: bytes, tally: Tally) -> None:
        """The reader against BuildKit's parser."""
        from buildkit_parser import shapes_of, theirs
        from fuzz.disagreements import classify

        text = content.decode("utf-8", "replace")
        if "\0" in text:  # PyPI's `dockerfile` ends there, as a string of C
            tally.found["not compared: NUL"] += 1
            return
        try:
            expected = theirs(text)
        except UnicodeDecodeError:  # It cuts flags between bytes
            tally.found["not compared: PyPI's dockerfile fails"] += 1
            return
        try:
            found = read("Dockerfile", text)
            shapes = shapes_of(found)
        except Exception:
            tally.found["crash"] += 1
            self.finds.put("crash", number, content, traceback.format_exc())
            return
        tally.compared += 1
        if expected is None and found.problems:
            tally.refused_by_both += 1
        elif expected != shapes:
            kind = classify(found, shapes, expected)
            tally.found[f"disagreement: {kind}"] += 1
            self.finds.put(f"disagreement {kind}", number, content, json.dumps(_difference(shapes, expected)))
        if self.newest is not None:
            differs = difference(found, self.newest.ask(text.encode("utf-8", "replace")))
            tally.asked_newest += 1
            if differs is not None:
                kind = f"today, {differs[0]}"
                tally.found[f"disagreement: {kind}"] += 1
                self.finds.put(f"disagreement {kind}", number, content, json.dumps(differs))

    def lint(self, number: int, content: bytes, text: str, tally: Tally) -> None:
        """The whole lint, and for some the report."""
        try:
            report = lint_text(self.known, "Dockerfile", text, self.contexts[number % 3 > 0], self.options[number % 2])
            tally.linted += 1
            failed = _failed_rules(report)
            if failed:
                tally.found["crash"] += 1
                self.finds.put("crash", number, content, failed)
            if wrong := _wrong_place(report):
                tally.found["wrong place"] += 1
                self.finds.put("wrong place", number, content, wrong)
            if number % 20 == 0:
                self.render(report, number)
                tally.rendered += 1
        except Exception:
            tally.found["crash"] += 1
            self.finds.put("crash", number, content, traceback.format_exc())

    def render(self, report: SubjectReport, number: int) -> None:
        whole = Report(profile="azureml-2021-04", subjects=(report,), flavour="", fail_on=Severity.ERROR)
        names = ["text", *formats.MACHINE]
        name = names[number // 20 % len(names)]
        written = text_report.render(whole, 100, number % 40 == 0) if name == "text" else formats.render(name, whole)
        written.encode("utf-8", "replace")


def _failed_rules(report: SubjectReport) -> str:
    failed = [item.reason for item in report.judgements if " failed: " in item.reason and "the rule" in item.reason]
    failed += [item.message for item in report.findings if item.rule == CRASHED]
    return "; ".join(failed)


def _wrong_place(report: SubjectReport) -> str:
    """A finding that stands outside its file."""
    for finding in report.findings:
        place = finding.location
        if place is None or place.path not in report.sources:
            continue
        lines = report.sources[place.path].count("\n") + 1
        if not 1 <= place.line <= place.end_line <= lines or place.column < 1 or place.end_column < 1:
            return f"{finding.rule} at {place}"
    return ""


def _difference(mine: list[Any], theirs: list[Any] | None) -> Any:
    if theirs is None:
        return "BuildKit refuses it"
    for ours_, theirs_ in zip(mine, theirs, strict=False):
        if ours_ != theirs_:
            return [ours_, theirs_]
    return [len(mine), len(theirs)]


# --- processes -----------------------------------------------------------------------------------------------------------


def _child(harness: Harness, corpus: Corpus, seed: int, first: int, last: int, bound: float, mark: mmap.mmap) -> Tally:
    """Runs mutants first..last-1. Where one takes too long the process is killed by SIGVTALRM: its number is in `mark`."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    signal.signal(signal.SIGVTALRM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    tally = Tally()
    before = time.process_time()
    for number in range(first, last):
        mark[:8] = _NUMBER.pack(number)
        content = corpus.mutant(seed, number)
        signal.setitimer(signal.ITIMER_VIRTUAL, bound)
        start = time.process_time()
        harness.run(number, content, tally)
        taken = time.process_time() - start
        if taken > tally.slowest:
            tally.slowest, tally.slowest_number = taken, number
    signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    tally.cpu = time.process_time() - before
    tally.memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return tally


@dataclass
class Worker:
    """A process under way."""

    pid: int
    pipe: int
    mark: mmap.mmap
    first: int
    last: int


def _start(harness: Harness, corpus: Corpus, given: argparse.Namespace, first: int, last: int) -> Worker:
    mark = mmap.mmap(-1, 8)
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            os.close(reading)
            with tempfile.TemporaryDirectory(dir=given.memory_folder) as folder:
                if given.newest:
                    harness.newest = Newest(given.newest, Path(folder))
                tally = _child(harness, corpus, given.seed, first, last, given.bound, mark)
                if harness.newest is not None:
                    harness.newest.close()
            os.write(writing, json.dumps(tally.as_json()).encode())
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    os.close(writing)
    return Worker(pid, reading, mark, first, last)


def _finished(worker: Worker, status: int, seed: int, corpus: Corpus, finds: Finds) -> tuple[Tally, int]:
    """What a process that ended has done, and the first number that is still to do."""
    with os.fdopen(worker.pipe, "rb") as pipe:
        text = pipe.read().decode()
    if status == 0 and text:
        return Tally.parse(text), worker.last
    number = _NUMBER.unpack(worker.mark[:8])[0]
    tally = Tally(mutants=number - worker.first + 1, linted=number - worker.first)
    hung = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGVTALRM
    kind = "hang" if hung else "death"
    tally.found[kind] += 1
    finds.put(kind, number, corpus.mutant(seed, number), f"wait status {status}")
    return tally, number + 1


def _chunks(first: int, last: int) -> Iterator[tuple[int, int]]:
    for start in range(first, last, CHUNK):
        yield start, min(start + CHUNK, last)


def _run(given: argparse.Namespace, out: Path, harness: Harness, corpus: Corpus) -> Tally:
    total = Tally()
    started = time.time()
    waiting = list(_chunks(given.first, given.first + given.count))[::-1]
    running: dict[int, Worker] = {}
    stop = out / "stop"
    while running or (waiting and not stop.exists()):
        while waiting and len(running) < given.workers and not stop.exists():
            worker = _start(harness, corpus, given, *waiting.pop())
            running[worker.pid] = worker
        pid, status = os.wait()
        worker = running.pop(pid)
        tally, following = _finished(worker, status, given.seed, corpus, harness.finds)
        total.add(tally)
        if following < worker.last:
            waiting.append((following, worker.last))
        _tell(out, given, total, time.time() - started)
    return total


def _tell(out: Path, given: argparse.Namespace, total: Tally, seconds: float) -> None:
    told = {"seed": given.seed, "first": given.first, "seconds": round(seconds), **total.as_json()}
    part = out / "progress.part"
    part.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    part.replace(out / "progress.json")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, required=True, help="a folder with Dockerfiles, of any names")
    parser.add_argument("--count", type=int, default=10_000, help="how many mutants; default: 10000")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="the number of the first mutant; default: 0")
    parser.add_argument("--only", type=int, help="run the mutant of this number, here, and print all about it")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument(
        "--bound", type=float, default=10.0, help="seconds of processor time for one mutant; default: 10"
    )
    parser.add_argument("--newest", metavar="PROGRAM", help="BuildKit of today, to be asked too: see newest.py")
    parser.add_argument(
        "--memory-folder", type=Path, help="where the file that it reads is put; default: a temporary one"
    )
    parser.add_argument("--out", type=Path, default=Path("fuzz-finds"), help="where finds and progress.json go")
    given = parser.parse_args()
    corpus = Corpus.of(given.corpus)
    if not corpus.texts:
        parser.error(f"{given.corpus}: no Dockerfile here")
    with tempfile.TemporaryDirectory() as folder:
        for name, text in _CONTEXT.items():
            path = Path(folder, name)
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        harness = Harness(catalog(), Finds(given.out), Path(folder))
        if given.only is not None:
            content = corpus.mutant(given.seed, given.only)
            sys.stdout.write(content.decode("utf-8", "replace") + "\n")
            tally = Tally()
            if given.newest:
                harness.newest = Newest(given.newest, Path(folder))
            harness.run(given.only, content, tally)
        else:
            lint_text(harness.known, "Dockerfile", "FROM ubuntu:20.04\nRUN pip install a\n", None, harness.options[0])
            tally = _run(given, given.out, harness, corpus)
    print(json.dumps(tally.as_json(), indent=1))
    bad = [kind for kind in tally.found if kind in ("crash", "hang", "death", "wrong place") or "unexplained" in kind]
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
