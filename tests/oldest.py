"""The oldest versions that pyproject.toml allows: `python3 tests/oldest.py VENV` installs them, and this project, into VENV.

Each runtime dependency gets its lower bound; what those need, and what only tests need, is the newest that fits. Only the
standard library is used, and pip.
"""

from __future__ import annotations

import re
import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_LIST = re.compile(r"^dependencies = \[\n(.*?)^\]", re.MULTILINE | re.DOTALL)
_REQUIREMENT = re.compile(r'"([A-Za-z0-9._-]+)>=([0-9.]+),<[0-9.]+(; [^"]+)?"')


def oldest(project: str) -> Iterator[str]:
    """Each direct dependency of a pyproject.toml at its lower bound. Raises ValueError for one without both bounds."""
    for listed in _LIST.findall(project):
        for line in filter(None, (line.strip().rstrip(",") for line in listed.splitlines())):
            match = _REQUIREMENT.fullmatch(line)
            if match is None:
                raise ValueError(f"{line} has not both a lower and an upper bound, as >=1.2,<2")
            yield f"{match[1]}=={match[2]}{match[3] or ''}"


def main(folder: Path) -> int:
    """Makes the environment; pip says what is wrong."""
    wanted = sorted(oldest((ROOT / "pyproject.toml").read_text(encoding="utf-8")))
    if not (folder / "bin" / "python").exists():
        venv.create(folder, with_pip=True)
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    return subprocess.run([*pip, *wanted, "-e", f"{ROOT}[test]"], check=False).returncode


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
