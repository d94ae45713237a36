"""How the cost of `amlcheck lint --no-cache` grows with the length of a file, its shape, and the number of files (issue 7).

    python bench/growth.py [--rounds 5] [--only WORDS] [--scale 1.0] [--json FILE]

Each size is a run of its own of the command, from start to exit. Printed are seconds of processor time (of all its
processes, the least of the rounds), what of it is more than an empty Dockerfile takes, the most memory that a process had,
and the exponent from the size before: 1 where twice the input costs twice the time, 2 where it costs four times. Where less
than 20 ms were added, an exponent says nothing, and none is printed. `bound` marks sizes of which not all was followed
(docs/robustness.md tells how much is): growth is what the lines without the mark show. `--scale` makes all shapes smaller.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from inputs import ROOT, instructions, make_files

LEAST = 0.02
"""Seconds over an empty file below which an exponent says nothing."""
STEEP = 1.25
"""An exponent that is marked."""
LINE = 60_000
"""Characters of a line; Docker takes no more than 64 KiB."""
BOUNDS = (
    "than is followed",
    "has more than",
    "longer than",
    "grows too long",
    "nested too deeply",
    "too deeply nested",
    "is not followed: it",
)
"""What a report says where not all was followed."""
FROM = "FROM ubuntu:20.04\n"
Shape = Callable[[int], str]


@dataclass(frozen=True)
class Row:
    """One size of one series."""

    series: str
    size: int
    bytes: int
    seconds: float
    added: float
    """Seconds of processor time, in all and over those for an empty Dockerfile."""
    megabytes: float
    bound: bool
    exponent: float | None


def _until(length: int, part: Callable[[int], str]) -> str:
    """Parts, each with its number, until there are so many characters."""
    parts: list[str] = []
    while length > 0:
        parts.append(part(len(parts)))
        length -= len(parts[-1])
    return "".join(parts)


def _folded(text: str) -> str:
    """A long line as several that continue each other."""
    return "\\\n".join(text[at : at + LINE] for at in range(0, len(text), LINE))


def _nest(opening: str, middle: str, closing: str) -> Shape:
    return lambda depth: f"{FROM}RUN {_folded('echo ' + opening * depth + middle + closing * depth)}\n"


def _lines(line: str, before: str = FROM) -> Shape:
    """The line so many times: `{i}` is its number, `{p}` the one before."""
    return lambda count: (
        before + "".join(line.replace("{i}", str(i)).replace("{p}", str(i - 1)) for i in range(1, count))
    )


def _run_of(joint: str, lines: int = 1) -> Shape:
    """RUNs of so many commands each."""
    return lambda count: FROM + f"RUN {joint.join(f'pip install package{i}' for i in range(count))}\n" * lines


def _onbuild(runs: int) -> str:
    """As many triggers as stages on top of them, so that so many triggers run."""
    count = math.isqrt(runs)
    triggers = "".join(f"ONBUILD RUN pip install p{i}\n" for i in range(count))
    children = "".join(f"FROM base AS c{i}\nRUN true\n" for i in range(count))
    copies = "".join(f"COPY --from=c{i} /a{i} /a{i}\n" for i in range(count))
    return f"{FROM.strip()} AS base\n{triggers}{children}{FROM}{copies}"


KILO = 1 << 10
_MEGABYTE = [64 * KILO, 128 * KILO, 256 * KILO, 512 * KILO, 1000 * KILO]
_CHAIN = 160
"""Links of a chain of && that are followed; one of more is nested too deeply for the recursion."""
_TO_5000 = [625, 1250, 2500, 5000]
_TO_10000 = [1250, 2500, 5000, 10_000]
_DEPTHS = [10, 20, 40, 80, 1000, 10_000]
SHAPES: dict[str, tuple[Shape, Sequence[int]]] = {
    "instructions, a usual mix": (instructions, (10, 100, 1000, 10_000)),
    "one RUN, bytes of commands with &&": (
        lambda size: f"{FROM}RUN " + _until(size, lambda i: f"apt-get install -y package{i} && \\\n    ") + "true\n",
        [8 * KILO, 16 * KILO, 32 * KILO, 64 * KILO, 128 * KILO, *_MEGABYTE[-1:]],
    ),
    "one RUN, bytes of words": (
        lambda size: f"{FROM}RUN apt-get install -y \\\n" + _until(size, lambda i: f"    package{i} \\\n") + "git\n",
        _MEGABYTE,
    ),
    "one RUN, bytes in quotes": (
        lambda size: f"{FROM}RUN echo '" + _until(size, lambda i: f"line {i} of a text\\n\\\n") + "' > /text\n",
        _MEGABYTE,
    ),
    "one RUN, bytes of a here-document": (
        lambda size: f"{FROM}RUN <<EOF\n" + _until(size, lambda i: f"pip install package{i}\n") + "EOF\n",
        [16 * KILO, 32 * KILO, 64 * KILO, 96 * KILO, *_MEGABYTE[-1:]],
    ),
    "one RUN, bytes of if … fi": (
        lambda size: (
            f"{FROM}RUN "
            + _until(size, lambda i: f"if [ -f /file{i} ]; then apt-get install -y package{i}; fi; \\\n")
            + "true\n"
        ),
        [16 * KILO, 32 * KILO, 64 * KILO, 128 * KILO, *_MEGABYTE[-1:]],
    ),
    "one RUN, bytes of one word": (lambda size: f"{FROM}RUN echo {_folded('a' * size)}\n", _MEGABYTE),
    "20 times RUN a && b && …": (_run_of(" && \\\n", 20), [_CHAIN // 4, _CHAIN // 2, _CHAIN, 1000, 5000]),
    "20 times RUN a || b || …": (_run_of(" || \\\n", 20), [_CHAIN // 4, _CHAIN // 2, _CHAIN, 1000, 5000]),
    "RUN a | b | …": (_run_of(" | \\\n"), _TO_5000),
    "RUN a; b; …": (_run_of("; \\\n"), _TO_5000),
    "stages, none needed": (
        lambda n: "".join(f"FROM ubuntu:20.04 AS s{i}\nRUN pip install p\n" for i in range(n)),
        _TO_5000,
    ),
    "stages, each on the last": (
        lambda n: f"{FROM.strip()} AS s0\n" + _lines("FROM s{p} AS s{i}\nRUN pip install p{i}\n", "")(n),
        _TO_5000,
    ),
    "stages, each copying from the last": (
        lambda n: f"{FROM.strip()} AS s0\n" + _lines(f"{FROM.strip()} AS s{{i}}\nCOPY --from=s{{p}} /a /a\n", "")(n),
        _TO_5000,
    ),
    "ARGs, each built from the last": (_lines("ARG A{i}=${A{p}}y\n"), _TO_10000),
    "ARGs before FROM, the same": (lambda n: _lines("ARG A{i}=${A{p}}y\n", "")(n) + FROM, _TO_10000),
    "ENVs, each built from the last": (_lines("ENV A{i}=${A{p}}y\n"), _TO_10000),
    "nested $(echo …)": (_nest("$(echo ", "a", ")"), [*_DEPTHS[:-1], 8000]),
    'nested "$(echo …)"': (_nest('"$(echo ', "a", ')"'), [*_DEPTHS[:-1], 5000]),
    "nested ${A:-…} in RUN": (_nest("${A:-", "x", "}"), [10, 40, 1000, 2500, 5000, 10_000]),
    "nested ${A:-…} in ARG": (
        lambda depth: f"{FROM}ARG B={_folded('${A:-' * depth + 'x' + '}' * depth)}\n",
        [10, 40, 1000, 2500, 5000, 10_000],
    ),
    "many nested ${A:-${A:-…}}": (_lines("ARG A{i}=${B:-${C:-${D:-${E:-${F:-$A{p}}}}}}\n"), _TO_10000),
    "many nested $(echo $(…))": (_lines("RUN echo $(echo $(echo $(cat /a{i})))\n"), _TO_10000),
    "ONBUILD, triggers that run": (_onbuild, [2_500, 10_000, 40_000, 160_000, 640_000]),
    "ONBUILD, nothing on top": (_lines("ONBUILD RUN pip install p{i}\n"), _TO_10000),
}
FILES = (1, 10, 100, 1000)


def run(names: Sequence[str]) -> tuple[float, float, bool]:
    """Seconds of processor time and megabytes of a run, and whether a bound was reached."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPATH"] = str(ROOT / "checker")
    command = [sys.executable, "-m", "amlcheck", "lint", "--no-cache", "--no-config", "--format=json", *names]
    with tempfile.TemporaryFile() as told:
        process = subprocess.Popen(command, stdout=told, env=environment)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        assert process.returncode in (0, 1, 3), f"exit code {process.returncode}: {names[0]}"
        told.seek(0)
        report = told.read().decode()
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, any(words in report for words in BOUNDS)


def series(name: str, inputs: Sequence[tuple[int, Sequence[str]]], rounds: int, empty: float) -> list[Row]:
    """Measures and prints the sizes of one series; each is a number and the files that are linted."""
    rows: list[Row] = []
    print(f"\n{name}\n  {'size':>9} {'bytes':>11} {'s':>8} {'added':>8} {'MB':>6}  exponent")
    for size, names in inputs:
        length = sum(Path(file).stat().st_size for file in names)
        runs = [run(names)]
        while len(runs) < rounds and sum(item[0] for item in runs) < 10:  # what takes long is steady
            runs.append(run(names))
        seconds = min(item[0] for item in runs)
        row = Row(
            name, size, length, seconds, max(seconds - empty, 1e-4), max(item[1] for item in runs), runs[0][2], None
        )
        before = rows[-1] if rows else None
        if before is not None and before.added > LEAST and row.added > LEAST:
            slope = math.log(row.added / before.added) / math.log(row.size / before.size)
            row = Row(**{**asdict(row), "exponent": slope})
        rows.append(row)
        shown = f"{row.exponent:8.2f}" if row.exponent is not None else "       -"
        mark = f"{' <<<' if (row.exponent or 0) > STEEP else ''}{' bound' if row.bound else ''}"
        print(
            f"  {size:9,} {length:11,} {seconds:8.3f} {row.added:8.3f} {row.megabytes:6.0f}  {shown}{mark}", flush=True
        )
    return rows


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--only", default="", help="series whose name has these words")
    options.add_argument("--scale", type=float, default=1.0)
    options.add_argument("--json", type=Path, default=ROOT / ".bench" / "growth.json")
    given = options.parse_args()
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        empty = folder / "empty.Dockerfile"
        empty.write_text(FROM, encoding="utf-8")
        run([str(empty)])
        least = min(run([str(empty)])[0] for _ in range(max(given.rounds, 5)))
        print(f"a Dockerfile of one line: {least:.3f} s of processor time; what follows is over that")
        for name, (shape, sizes) in SHAPES.items():
            if given.only not in name:
                continue
            inputs = []
            for size in dict.fromkeys(max(1, round(size * given.scale)) for size in sizes):
                path = folder / f"{len(rows)}-{size}.Dockerfile"
                path.write_text(shape(size), encoding="utf-8")
                inputs.append((size, [str(path)]))
            rows += series(name, inputs, given.rounds, least)
        if given.only in "number of files":
            many = folder / "many"
            many.mkdir()
            names = make_files(many, max(FILES))
            rows += series("number of files", [(count, names[:count]) for count in FILES], given.rounds, least)
    steep = [row for row in rows if (row.exponent or 0) > STEEP]
    print(f"\n{len(steep)} of {len(rows)} sizes with an exponent above {STEEP}")
    given.json.parent.mkdir(parents=True, exist_ok=True)
    result = {"python": sys.version.split()[0], "empty": least, "measured": [asdict(row) for row in rows]}
    given.json.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(f"written to {given.json}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
