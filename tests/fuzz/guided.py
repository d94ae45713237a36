"""Coverage-guided fuzzing of one target (see targets.py), with atheris: `pip install atheris`, Python 3.11 to 3.13.

    python tests/fuzz/guided.py TARGET [SEED-FOLDER …] [-max_total_time=60] [-runs=100000] …
    python tests/fuzz/guided.py --list

What follows the target goes to libFuzzer. A find ends the run, and its bytes are in crash-*: put them into
tests/fuzz/found/TARGET/, where tests/test_properties.py runs them, once they are mended.
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "checker"), str(ROOT / "tests")]


def main() -> int:
    if len(sys.argv) < 2 or sys.argv[1].startswith("-"):
        from fuzz.targets import TARGETS

        print("\n".join(TARGETS))
        return 0
    import atheris

    with atheris.instrument_imports(include=["amlcheck", "packaging", "yaml", "dockerfile_parse", "http"]):
        from fuzz.targets import TARGETS

        name = sys.argv.pop(1)
        # A target imports what it asks when it is called: what is imported later is not instrumented.
        TARGETS[name](b"")
    atheris.Setup(sys.argv, TARGETS[name])
    atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main())
