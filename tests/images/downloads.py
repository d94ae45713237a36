"""What images are made from and is downloaded here, on the host, with its own settings of apt and pip.

So no image ever sees a package index, its address or its credentials.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

PYTHON = "3.11"
"""Python of the images: Debian 12's."""
GLIBC = 36
"""glibc of the images is 2.36."""
SUITE = "bookworm"
NOT_WANTED = ("/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*", "/usr/share/info/*")
SOURCE_ONLY = ("fusepy",)
"""What PyPI has no wheel of: one is made of its source; only for pure Python, as it is made for this host."""


class DownloadError(Exception):
    """Something that cannot be had; its text has the program's last words."""


def wheels(requirements: Path, cache: Path) -> Path:
    """A folder with the wheels of a requirements file, downloaded unless they are there; one caller at a time."""
    lines = [line.strip() for line in requirements.read_text(encoding="utf-8").splitlines()]
    wanted = [line for line in lines if line and not line.startswith("#")]
    folder = cache / hashlib.sha256("\n".join(wanted).encode()).hexdigest()[:12]
    if folder.is_dir():
        return folder
    partial = folder.with_suffix(".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    source = [line for line in wanted if line.startswith(SOURCE_ONLY)]
    platforms = [f"manylinux_2_{minor}_x86_64" for minor in range(GLIBC, 4, -1)]
    platforms += [f"manylinux{name}_x86_64" for name in ("2014", "2010", "1")]
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    _run(
        [
            *(*pip, "download", "--no-deps", "--only-binary=:all:", "--dest", str(partial)),
            *("--python-version", PYTHON, "--implementation", "cp"),
            *(word for name in platforms for word in ("--platform", name)),
            *(line for line in wanted if line not in source),
        ]
    )
    if source:
        _run([*pip, "wheel", "--no-deps", "--wheel-dir", str(partial), *source])
    partial.rename(folder)
    return folder


def debian(packages: Path, target: Path) -> None:
    """Writes a root file system with Debian 12 and some packages as a tar archive; needs mmdebstrap and root."""
    names = ",".join(packages.read_text(encoding="utf-8").split())
    command = ["mmdebstrap", "--quiet", "--variant=minbase", f"--include={names}"]
    command += [f"--dpkgopt=path-exclude={pattern}" for pattern in NOT_WANTED]
    _run([*command, SUITE, str(target), *_own_sources()])


def _own_sources() -> list[str]:
    """The host's package sources where it is the same Debian: they are reachable. Otherwise mmdebstrap's own choice."""
    release = Path("/etc/os-release").read_text(encoding="utf-8")
    if f"VERSION_CODENAME={SUITE}" not in release or "ID=debian" not in release:
        return []
    files = [Path("/etc/apt/sources.list"), Path("/etc/apt/sources.list.d/debian.sources")]
    return [str(path) for path in files if path.is_file() and path.stat().st_size][-1:]


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        last = "\n".join((done.stderr.strip() or done.stdout.strip()).splitlines()[-5:])
        raise DownloadError(f"{command[0]} failed with {done.returncode}: {last}")
