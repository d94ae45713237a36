"""Running amlcheck where something goes wrong, and looking what is left of it afterwards."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from faulty_engine import processes_with

ROOT = Path(__file__).resolve().parent.parent
NOBODY = 54321
"""A user that no machine has; without an entry in passwd."""
AS_NOBODY = (
    *("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"),
    *(
        "--inh-caps=-all,+dac_read_search",
        "--ambient-caps=-all,+dac_read_search",
        "--bounding-set=-all,+dac_read_search",
    ),
)
"""In front of a command: it runs as nobody, who can read everything, so that a Python in root's home can be used."""
MARK = "AMLCHECK_FAULT"
_IMPATIENT = """
import sys
from importlib import import_module
for setting in sys.argv[1].split():
    name, _, value = setting.partition("=")
    module, _, name = name.rpartition(".")
    setattr(import_module(module), name, float(value))
sys.argv[1:2] = []
from amlcheck.cli import main
sys.exit(main())
"""


@dataclass(frozen=True)
class Done:
    """How a run ended."""

    code: int
    out: str
    err: str
    seconds: float

    @property
    def words(self) -> str:
        """All that was said, on one line, as reports are wrapped."""
        return " ".join((self.out + self.err).split())

    def ended(self, code: int, *says: str) -> None:
        """Asserts that this is how it ended: with a code, with a sentence, and without a traceback."""
        assert "Traceback" not in self.words, self.words
        assert self.code == code, (self.code, self.words)
        for words in says:
            assert words in self.words, self.words


@dataclass
class Place:
    """Where a run happens: a home, a cache and a folder of temporary files of its own."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)
    mark: str = field(default_factory=lambda: secrets.token_hex(8))

    def __post_init__(self) -> None:
        for name in ("home", "tmp", "work"):
            (self.folder / name).mkdir(exist_ok=True)
        self.environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT / "checker"),
            "HOME": str(self.folder / "home"),
            "TMPDIR": str(self.folder / "tmp"),
            "AMLCHECK_CACHE": str(self.folder / "cache"),
            "DOCKER_HOST": f"unix://{self.folder}/no-engine",
            "COLUMNS": "200",
            MARK: self.mark,
            **self.environment,
        }

    def start(
        self,
        *arguments: str,
        before: Sequence[str] = (),
        settings: Mapping[str, float] | None = None,
        unset: Sequence[str] = (),
        **environment: str,
    ) -> subprocess.Popen[str]:
        """A run that goes on; `before` is put before the command, `settings` are waits ("module.NAME") to be shortened."""
        given = " ".join(f"amlcheck.{name}={value}" for name, value in (settings or {}).items())
        program = ["-c", _IMPATIENT, given] if given else ["-m", "amlcheck"]
        every = {name: text for name, text in {**self.environment, **environment}.items() if name not in unset}
        return subprocess.Popen(
            [*before, sys.executable, *program, *arguments],
            cwd=self.folder / "work",
            env=every,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(
        self,
        *arguments: str,
        before: Sequence[str] = (),
        settings: Mapping[str, float] | None = None,
        unset: Sequence[str] = (),
        **environment: str,
    ) -> Done:
        """A run to its end."""
        begun = time.monotonic()
        process = self.start(*arguments, before=before, settings=settings, unset=unset, **environment)
        return self.end(process, begun)

    def end(self, process: subprocess.Popen[str], begun: float, seconds: float = 120) -> Done:
        """Waits for the end of what was started."""
        try:
            out, err = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            raise AssertionError(f"it hangs; it said {out!r} and {err!r}") from None
        return Done(process.returncode, out, err, time.monotonic() - begun)

    def left(self, seconds: float = 10.0) -> list[str]:
        """Temporary files and living processes of its runs; processes that are about to end have a moment to do so."""
        until = time.monotonic() + seconds
        while (processes := processes_with(self.mark)) and time.monotonic() < until:
            time.sleep(0.1)
        return [*(path.name for path in (self.folder / "tmp").iterdir()), *processes]

    def write(self, name: str, text: str) -> Path:
        """A file in its working directory."""
        path = self.folder / "work" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path


def mounted(folder: Path, size: str, options: str = "rw") -> Iterator[Path]:
    """A file system of its own in a folder, of so many bytes, for as long as the generator lives; needs root."""
    folder.mkdir(exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size},{options}", "amlcheck-fault", str(folder)]
    subprocess.run(mount, check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
