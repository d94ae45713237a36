"""How soon `amlcheck lint` of 1,000 files ends after Ctrl-C, and with what (issue 7, acceptance 4).

    python bench/interrupt.py [--corpus DIR] [--files 1000] [--rounds 3] [--limit 1.0] [--json FILE]

A run is started in a group of its own; SIGINT goes to the whole group, as a terminal sends it, at several moments: after
parts of the time that a run takes when nobody interrupts it, and when the first bytes of the report have been written.
Printed are, for text and JSON, the longest time from the signal to the end of all its processes, the exit code, and how
many files the report tells of. Without --corpus, files are made up (bench/inputs.py).
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from inputs import ROOT, files_of, make_files

MOMENTS = (0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 0.97)
"""Parts of the time that a whole run takes."""
WRITING = "while it writes"
_TOTAL = re.compile(r"^(\d+) files, profile ", re.MULTILINE)
_CHECKED = re.compile(r"interrupted: (\d+) of (\d+) files were checked")


@dataclass(frozen=True)
class Ended:
    """How one run ended."""

    format: str
    moment: str
    seconds: float
    """From the signal to the end of the last of its processes; of what was still to be written, all was read."""
    code: int
    told: int
    """Files that were checked, as the report says; -1 where there is no report."""
    whole: bool
    """Whether the report is what it should be: JSON that can be read, text that says that it is not all."""


def start(kind: str, names: Sequence[str]) -> subprocess.Popen[bytes]:
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPATH"] = str(ROOT / "checker")
    command = [sys.executable, "-m", "amlcheck", "lint", "--no-cache", "--no-config", f"--format={kind}", *names]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdout=pipe, stderr=pipe, env=environment, start_new_session=True)


def alive(group: int) -> bool:
    """Whether a process of a group is there."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                stat = (entry / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
                if int(stat[2]) == group and stat[0] != "Z":
                    return True
    return False


def interrupted(kind: str, names: Sequence[str], moment: str, after: float) -> Ended:
    """One run, interrupted so many seconds after its start; after 0, when its report begins to be written."""
    process = start(kind, names)
    assert process.stdout is not None
    first = b""
    if after:
        time.sleep(after)
    else:
        first = os.read(process.stdout.fileno(), 1000)
    begun = time.perf_counter()
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=120)
    while alive(process.pid):
        time.sleep(0.002)
    seconds = time.perf_counter() - begun
    return Ended(kind, moment, seconds, process.returncode, *_told(kind, (first + out).decode(), err.decode()))


def _told(kind: str, out: str, err: str) -> tuple[int, bool]:
    """How many files a report tells of, and whether it is whole."""
    checked = _CHECKED.search(err.replace("\n", " "))
    if not out:
        return -1, err.strip() == "amlcheck: interrupted"
    if kind == "json":
        try:
            subjects = json.loads(out)["subjects"]
        except ValueError:
            return -1, False
        return sum(not item.get("error") for item in subjects), True
    if checked:
        return int(checked[1]), "interrupted:" in out
    total = _TOTAL.search(out)  # it came when all were checked
    return (int(total[1]) if total else -1), total is not None


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--corpus", type=Path)
    options.add_argument("--files", type=int, default=1000)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--limit", type=float, default=1.0)
    options.add_argument("--json", type=Path, default=ROOT / ".bench" / "interrupt.json")
    given = options.parse_args()
    ended: list[Ended] = []
    with tempfile.TemporaryDirectory() as folder:
        names = files_of(given.corpus, given.files) if given.corpus else make_files(Path(folder), given.files)
        for kind in ("text", "json"):
            begun = time.perf_counter()
            start(kind, names).communicate()
            whole = time.perf_counter() - begun
            print(
                f"\n{len(names)} files, {kind}: {whole:.2f} s where nobody interrupts\n  moment           seconds  code  files"
            )
            for part in (*MOMENTS, 0.0):
                moment = f"{whole * part:.2f} s" if part else WRITING
                found = [interrupted(kind, names, moment, whole * part) for _ in range(given.rounds)]
                slowest = max(found, key=lambda item: item.seconds)
                wrong = "" if all(item.whole for item in found) else "  the report is cut"
                codes = ", ".join(str(code) for code in sorted({item.code for item in found}))
                told = ", ".join(str(item.told) if item.told >= 0 else "-" for item in found)
                late = " <<<" if slowest.seconds > given.limit else ""
                print(f"  {moment:15} {slowest.seconds:8.3f}  {codes}  {told}{wrong}{late}", flush=True)
                ended += found
    given.json.parent.mkdir(parents=True, exist_ok=True)
    given.json.write_text(json.dumps([asdict(item) for item in ended], indent=2) + "\n", encoding="utf-8")
    slowest = max(ended, key=lambda item: item.seconds)
    print(f"\nthe slowest: {slowest.seconds:.2f} s ({slowest.format}, {slowest.moment}), allowed {given.limit:g} s")
    return 0 if slowest.seconds <= given.limit else 1


if __name__ == "__main__":
    sys.exit(main())
