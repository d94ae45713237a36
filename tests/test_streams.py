"""The width of the terminal, against the standard library's."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import pytest

from amlcheck.streams import columns

pty = pytest.importorskip("pty")


@pytest.fixture
def terminal() -> Iterator[TextIO]:
    """One of 66 columns."""
    import fcntl
    import struct
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 20, 66, 0, 0))
    with open(theirs, "w", encoding="utf-8") as stream:
        yield stream
    os.close(ours)


@pytest.mark.parametrize("stated", [None, "120", "0", "-3", "wide", "", " 40 "])
@pytest.mark.parametrize("output", ["terminal", "file", "closed"])
def test_columns(
    stated: str | None, output: str, terminal: TextIO, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (tmp_path / "out").open("w", encoding="utf-8") as file:
        monkeypatch.setattr(sys, "__stdout__", {"terminal": terminal, "file": file, "closed": None}[output])
        if stated is None:
            monkeypatch.delenv("COLUMNS", raising=False)
        else:
            monkeypatch.setenv("COLUMNS", stated)
        monkeypatch.setenv("LINES", "10")
        assert columns(77) == shutil.get_terminal_size((77, 24)).columns
