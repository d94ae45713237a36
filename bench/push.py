"""What the pre-push hook costs: `git push` of an unrelated commit, and of a changed Dockerfile, with it and without.

python bench/push.py [PUSHES]. The remote is a bare repository on this machine, which is the fastest push there is; the
two are measured in turn, and the least and the median of each are told.
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from git_support import COPIES, Repository, conda_file, new_repository  # noqa: E402

FILES = 3000
"""In the repository: about as many as Azure's own examples have."""


def main(pushes: int) -> None:
    with tempfile.TemporaryDirectory(prefix="amlcheck-bench-") as folder:
        repo = new_repository(Path(folder))
        files: dict[str, str | bytes | None] = {
            f"src/p{number % 60}/m{number}.py": "import os\n\n\ndef f():\n    return os\n" * 20
            for number in range(FILES)
        }
        repo.commit({**files, "serving/Dockerfile": COPIES, "serving/environment.yml": conda_file("3.8")})
        repo.pushed("-u", "origin", "main")
        repo.install()
        python = [_timed([sys.executable, "-c", "pass"], repo) for _ in range(pushes)]
        print(f"python -c pass              {_told(python)}")
        for what, name in (("unrelated", "README.md"), ("a Dockerfile", "serving/Dockerfile")):
            alone, hooked = [], []
            for number in range(pushes):
                for taken, words in ((alone, ("--no-verify",)), (hooked, ())):
                    text = f"# {number} {len(taken)} {words}\n"
                    repo.commit({name: (COPIES if name != "README.md" else "") + text})
                    taken.append(_timed(["git", "push", "-q", *words, "origin", "main"], repo))
            print(f"git push --no-verify        {_told(alone)}")
            print(f"git push, {what:<17} {_told(hooked)}")
            print(f"    ratio: {min(hooked)[0] / min(alone)[0]:.1f}")


def _timed(words: list[str], repo: Repository) -> tuple[float, float]:
    """Seconds on the clock, and of processors: the second is what a busy machine leaves alone."""
    start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(words, cwd=repo.path, env=repo.env, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.perf_counter() - start, used


def _told(seconds: list[tuple[float, float]]) -> str:
    clock = [each[0] * 1000 for each in seconds]
    used = [each[1] * 1000 for each in seconds]
    return (
        f"least {min(clock):5.0f} ms, median {statistics.median(clock):5.0f} ms;"
        f" processor: least {min(used):4.0f} ms, median {statistics.median(used):4.0f} ms"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 15)
