"""Probes announce what they ask of the files: what they do not costs a session another look, and an archive another reading."""

from __future__ import annotations

from typing import Any

import pytest

from amlcheck.catalog import catalog
from amlcheck.image.tree import Entry, matcher
from amlcheck.model import COMPONENTS
from amlcheck.records import replace
from probing_support import built_in
from test_probes_gpu_mpi import EVERYTHING
from test_probes_python import CONDA_PATH, LAYOUT, official
from test_probes_server import server
from tree_of_dict import Content, Program, image_of

FILES: dict[str, Content] = {
    **EVERYTHING,
    **LAYOUT,
    **official(),
    **server(),
    "/etc/os-release": "ID=ubuntu\nVERSION_ID=22.04\n",
    "/etc/lsb-release": "DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE=22.04\n",
    "/usr/bin/git": Program("git/2.34.1"),
    "/usr/bin/fusermount": Program(),
    "/usr/lib/libfuse.so.2": "",
    "/opt/x/lib/libnccl.so.2": "NCCL version 2.14.3+cuda11.7",
    "/opt/m/lib/libmpi.so.12": "MPICH Version",
    "/bin/micromamba": Program(),
    "/etc/passwd": "root:x:0:0:root:/root:/bin/sh\n",
}


class Recording:
    """A tree that remembers what it was asked."""

    def __init__(self, tree: Any) -> None:
        self.tree = tree
        self.patterns: set[str] = set()
        self.read_paths: set[str] = set()
        self.searched: set[tuple[str, str]] = set()

    def find(self, *patterns: str) -> list[Entry]:
        self.patterns.update(patterns)
        found: list[Entry] = self.tree.find(*patterns)
        return found

    def read(self, path: str, limit: int = 1 << 24) -> bytes:
        entry = self.tree.stat(path)
        if entry is not None:
            self.read_paths.add(entry.path)
        data: bytes = self.tree.read(path, limit)
        return data

    def search(self, path: str, expression: str) -> list[str]:
        entry = self.tree.stat(path)
        self.searched.add((entry.path if entry is not None else path, expression))
        matches: list[str] = self.tree.search(path, expression)
        return matches

    def __getattr__(self, name: str) -> Any:
        return getattr(self.tree, name)


@pytest.mark.parametrize("path", ["", CONDA_PATH, "/opt/venv/bin:/usr/bin"])
def test_everything_is_announced(path: str) -> None:
    image = image_of(FILES, path=path)
    recording: Any = Recording(image.files)
    watched = replace(image, files=recording)
    for component in COMPONENTS:
        built_in().ask(component, watched)
    built_in().look(watched, catalog(), {})
    wanted = built_in().wanted
    assert recording.patterns <= set(wanted.patterns)
    unannounced = [item for item in recording.read_paths if not matcher(wanted.contents)(item)]
    # Scripts that turn out to be conda, wherever they lie, are read for their first line.
    assert [item for item in unannounced if not item.endswith("/conda")] == []
    for searched, expression in recording.searched:
        patterns = [pattern for pattern, announced in wanted.searches if announced == expression]
        assert matcher(patterns)(searched), (searched, expression)
