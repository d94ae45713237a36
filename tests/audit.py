"""Known vulnerabilities of what amlcheck needs at run time, as pip-audit knows them.

`python tests/audit.py`, in an environment that has both: exit code 1 where there is one. Where the service that knows them
cannot be reached, one line says so, and nothing fails: a gate must not depend on somebody else's server. Only what users get
is looked at, not what developers use.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

SECONDS = 180


def declared() -> list[str]:
    """What pyproject.toml says that amlcheck needs."""
    text = (Path(__file__).resolve().parent.parent / "pyproject.toml").read_text(encoding="utf-8")
    listed = re.search(r"^dependencies = \[\n(.*?)^\]", text, re.MULTILINE | re.DOTALL)
    assert listed is not None
    return re.findall(r'"(.+)"', listed[1])


def needed(requirements: Iterable[str]) -> dict[str, str]:
    """The versions that are installed of all that these bring."""
    found: dict[str, str] = {}
    ahead = list(requirements)
    while ahead:
        requirement = Requirement(ahead.pop())
        key = re.sub(r"[-_.]+", "-", requirement.name).lower()
        if key in found or (requirement.marker and not requirement.marker.evaluate({"extra": ""})):
            continue
        try:
            found[key] = distribution(key).version
        except PackageNotFoundError:
            continue
        ahead += distribution(key).requires or []
    return found


def ask(versions: dict[str, str]) -> list[dict[str, Any]] | str:
    """What pip-audit says of each, or why it says nothing."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.writelines(f"{name}=={version}\n" for name, version in sorted(versions.items()))
        file.flush()
        command = [sys.executable, "-m", "pip_audit", "--format", "json", "--progress-spinner", "off"]
        try:
            done = subprocess.run(
                [*command, "--no-deps", "--disable-pip", "-r", file.name],
                capture_output=True,
                text=True,
                timeout=SECONDS,
                check=False,
            )
            listed: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
        except subprocess.TimeoutExpired:
            return f"no answer within {SECONDS} s"
        except (ValueError, KeyError, TypeError):
            return (done.stderr.strip().splitlines() or ["no answer"])[-1]
    return listed


def verdict(listed: list[dict[str, Any]] | str) -> tuple[int, str]:
    """Exit code and words for what pip-audit says."""
    if isinstance(listed, str):
        return 0, f"pip-audit: NOT CHECKED: the service that knows vulnerabilities cannot be asked from here: {listed}"
    bad = [item for item in listed if item.get("vulns")]
    if bad:
        lines = [f"{item['name']} {item['version']}: {fault['id']}" for item in bad for fault in item["vulns"]]
        return 1, "pip-audit: known vulnerabilities: " + "; ".join(lines)
    unknown = [item["name"] for item in listed if item.get("skip_reason")]
    if len(unknown) == len(listed):
        reason = listed[0]["skip_reason"] if listed else "nothing was asked"
        return 0, f"pip-audit: NOT CHECKED: the service that knows vulnerabilities knows none of the packages: {reason}"
    left = f"; not checked: {', '.join(unknown)}" if unknown else ""
    return 0, f"pip-audit: no known vulnerability in {len(listed) - len(unknown)} packages{left}"


def main() -> int:
    """Asks, and says it in one line."""
    code, words = verdict(ask(needed(declared())))
    print(words)  # noqa: T201
    return code


if __name__ == "__main__":
    sys.exit(main())
