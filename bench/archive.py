"""How long probing an archive takes, measured against `tar -t` over the same layers (issue 3, acceptance 6).

    python bench/archive.py [--rounds 5] [--small] [--folder DIR]

Makes an archive of 2.3 GB with eight layers and some 60,000 files, deterministic and about as compressible as software is,
as `docker save` writes it (layers not compressed) and as an OCI layout (gzip); and a second image of each, which shares all
layers but the uppermost. Then, in turns and each time in a fresh process: amlcheck without and with what it remembers, and
tar. Printed are medians, their ratios and peak memory. Everything that was made is removed at the end.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import os
import random
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from isal import igzip

ROOT = Path(__file__).resolve().parent.parent
POOL = 24 << 20
"""Bytes of text-like and binary-like content that files are cut from."""
SEED = 20240501


@dataclass(frozen=True)
class Plan:
    """What a layer is made of."""

    folder: str
    files: int
    """How many small ones; their sizes are distributed as those of software are."""
    large: tuple[int | tuple[str, int], ...] = ()
    """MB of each large one; some have a name that probes look for."""
    whiteouts: int = 0


LAYERS = (
    Plan("usr/share", 8_000, (12, 8, 6)),
    Plan("usr/lib/x86_64-linux-gnu", 4_000, (30, 20, 15, ("libmpi.so.40", 10))),
    Plan("opt/miniconda/pkgs", 12_000, (20, 25), 30),
    Plan("opt/miniconda/lib/python3.9/site-packages", 22_000, (40, 35, 30)),
    Plan("usr/local/cuda-11.6/targets", 2_500, (300, ("libnccl.so.2", 180), 120, 90)),
    Plan("usr/lib/cudnn", 100, (("libcudnn_cnn_infer.so.8", 280), 160)),
    Plan("opt/venv/lib/python3.9/site-packages", 11_000, (150, 60), 200),
    Plan("srv/app", 400, (20,), 5),
)
OTHER = Plan("srv/other", 3_000, (90, 45), 5)
"""The uppermost layer of the second image."""
ANNOUNCED: dict[str, Any] = {
    "contents": (
        "/etc/os-release", "/usr/lib/os-release", "/etc/lsb-release", "/var/lib/dpkg/status", "/var/lib/dpkg/status.d/*",
        "*/conda-meta/conda-*.json", "*/conda-meta/python-*.json", "*/conda-meta/history", "*.dist-info/METADATA",
        "*.dist-info/RECORD", "*/pyvenv.cfg", "/usr/local/cuda*/version.json", "/usr/local/cuda*/version.txt",
        "*/include/cudnn*.h", "*/include/nccl.h", "*/include/cuda_runtime_api.h", "*/include/mpi.h",
    ),
    "names": (
        "*/bin/python*", "*/bin/conda", "*/bin/git", "*/bin/fusermount*", "*/bin/mpirun", "*/bin/mpiexec*", "*/libfuse*.so*",
        "*/libcudart.so*", "*/libcudnn*.so*", "*/libnccl*.so*", "*/libmpi*.so*", "*/runsvdir", "/var/runit*",
    ),
    "searches": (
        ("*/libnccl*.so*", "NCCL version [0-9.]+[+]cuda[0-9.]+"),
        ("*/libmpi*.so*", "Open MPI v[0-9.]+"),
    ),
}  # fmt: skip


def pool() -> bytes:
    """Content as software has it: half words, half bytes of machine code's kind; gzip makes about 40 percent of it."""
    chance = random.Random(SEED)
    words = [chance.randbytes(chance.randint(2, 9)).hex().encode() for _ in range(6000)]
    text = b" ".join(chance.choices(words, k=POOL // 12))
    code = b"".join(
        chance.randbytes(6) + bytes(chance.choices((0, 72, 137, 255, 139, 15), k=6)) for _ in range(POOL // 24)
    )
    return text + code


def members(plan: Plan, content: bytes) -> Iterator[tuple[tarfile.TarInfo, bytes]]:
    """The files of a layer."""
    chance = random.Random(plan.folder)
    seen: set[str] = set()

    def entry(name: str, kind: bytes, data: bytes = b"", link: str = "") -> tuple[tarfile.TarInfo, bytes]:
        info = tarfile.TarInfo(name)
        info.type, info.linkname, info.size, info.mtime = kind, link, len(data), 1_700_000_000
        info.mode = 0o755 if kind == tarfile.DIRTYPE else 0o644
        return info, data

    def cut(size: int) -> bytes:
        start = chance.randrange(len(content))
        piece = content[start : start + size]
        while len(piece) < size:
            piece += content[: size - len(piece)]
        return piece

    for number in range(plan.files):
        folder = f"{plan.folder}/package{number // 40:04}-1.0/module{number // 8 % 5}"
        for depth in range(1, folder.count("/") + 2):
            above = "/".join(folder.split("/")[:depth])
            if above not in seen:
                seen.add(above)
                yield entry(above + "/", tarfile.DIRTYPE)
        if number % 25 == 24:
            yield entry(f"{folder}/link{number}.so", tarfile.SYMTYPE, link=f"file{number - 1:06}.py")
        elif number % 200 == 30:
            yield entry(f"{folder}.dist-info/METADATA", tarfile.REGTYPE, cut(3000))
        else:
            yield entry(f"{folder}/file{number:06}.py", tarfile.REGTYPE, cut(int(chance.lognormvariate(8.2, 1.5))))
    for number, large in enumerate(plan.large):
        name, size = large if isinstance(large, tuple) else (f"liblarge{number}.so", large)
        yield entry(f"{plan.folder}/{name}", tarfile.REGTYPE, cut(size * 1_000_000))
    for number in range(plan.whiteouts):
        yield entry(f"usr/share/package{number:04}-1.0/.wh.module0", tarfile.REGTYPE)


def write_layer(path: Path, plan: Plan, content: bytes) -> None:
    """Writes the archive of a layer."""
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as archive:
        for info, data in members(plan, content):
            archive.addfile(info, io.BytesIO(data))


@dataclass(frozen=True)
class Built:
    """One layer on disk, as docker and as an OCI layout store it."""

    plain: Path
    diff_id: str
    packed: Path
    digest: str


def build(folder: Path, plan: Plan, content: bytes) -> Built:
    """Makes a layer, plain and compressed."""
    plain = folder / f"{plan.folder.replace('/', '-')}.tar"
    with tarfile.open(plain, "w", format=tarfile.PAX_FORMAT) as archive:
        for info, data in members(plan, content):
            archive.addfile(info, io.BytesIO(data))
    packed = plain.with_suffix(".tar.gz")
    with plain.open("rb") as source, igzip.open(packed, "wb", compresslevel=2) as target:  # type: ignore[no-untyped-call]
        shutil.copyfileobj(source, target, 1 << 20)
    return Built(plain, digest(plain), packed, digest(packed))


def digest(path: Path) -> str:
    with path.open("rb") as file:
        found = hashlib.sha256()
        while piece := file.read(1 << 20):
            found.update(piece)
    return found.hexdigest()


def write_config(layers: list[Built]) -> bytes:
    document = {
        "architecture": "amd64",
        "os": "linux",
        "config": {"Env": ["PATH=/opt/miniconda/bin:/usr/bin:/bin"]},
        "rootfs": {"type": "layers", "diff_ids": ["sha256:" + layer.diff_id for layer in layers]},
    }
    return json.dumps(document).encode()


def write_docker(path: Path, layers: list[Built]) -> None:
    """An archive as `docker save` writes it; its layers are members, and named in manifest.json."""
    config = write_config(layers)
    names = {layer.diff_id: f"{layer.diff_id}/layer.tar" for layer in layers}
    manifest = [
        {
            "Config": hashlib.sha256(config).hexdigest() + ".json",
            "RepoTags": ["bench:1"],
            "Layers": list(names.values()),
        }
    ]
    with tarfile.open(path, "w") as archive:
        for layer in layers:
            archive.add(layer.plain, names[layer.diff_id])
        for name, data in ((manifest[0]["Config"], config), ("manifest.json", json.dumps(manifest).encode())):
            info = tarfile.TarInfo(str(name))
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))


def write_layout(folder: Path, layers: list[Built]) -> None:
    """An OCI layout; its layers are hard links to the files that were made."""
    blobs = folder / "blobs" / "sha256"
    blobs.mkdir(parents=True)

    def blob(data: bytes) -> dict[str, object]:
        name = hashlib.sha256(data).hexdigest()
        (blobs / name).write_bytes(data)
        return {"digest": "sha256:" + name, "size": len(data)}

    described = []
    for layer in layers:
        os.link(layer.packed, blobs / layer.digest)
        described.append({"digest": "sha256:" + layer.digest, "size": layer.packed.stat().st_size})
    manifest = {"schemaVersion": 2, "config": blob(write_config(layers)), "layers": described}
    (folder / "index.json").write_text(json.dumps({"manifests": [blob(json.dumps(manifest).encode())]}))


def probe(transport: str, path: str, cache: str) -> None:
    """What is measured: an image is opened, its files are indexed, and what was announced is asked for."""
    sys.path.insert(0, str(ROOT / "checker"))
    from amlcheck.image.archive import open_stored
    from amlcheck.image.layer_cache import LayerCache
    from amlcheck.image.overlay import tree_of
    from amlcheck.image.tree import Wanted

    wanted = Wanted(**ANNOUNCED)
    with open_stored(transport, path) as stored:
        tree = tree_of(stored, wanted, LayerCache(Path(cache)))
        found = tree.find(*wanted.contents, *wanted.names)
        read = sum(len(tree.read(entry.path)) for entry in tree.find(*wanted.contents) if entry.kind.value == "file")
        matched = sum(
            len(tree.search(entry.path, expression))
            for pattern, expression in wanted.searches
            for entry in tree.find(pattern)
        )
    print(json.dumps({"found": len(found), "read": read, "matched": matched, "peak": peak()}))


def peak() -> int:
    """The most memory that this process had, in KiB. On Linux getrusage also counts what its parent had when it forked."""
    status = Path("/proc/self/status")
    if status.exists():
        found = re.search(r"VmHWM:\s+([0-9]+) kB", status.read_text())
        if found is not None:
            return int(found[1])
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // (1024 if sys.platform == "darwin" else 1)


@dataclass
class Series:
    """The measurements of one side."""

    name: str
    run: Callable[[], str]
    seconds: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)
    """Seconds of processor time, user and system: they tell the same on a busy machine."""
    peak: int = 0

    def once(self) -> None:
        before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        out = self.run()
        self.seconds.append(time.perf_counter() - began)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.processor.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        if out:
            self.peak = max(self.peak, json.loads(out)["peak"])

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--small", action="store_true", help="a tenth of the size, to try it out")
    options.add_argument("--folder", help="where to work; some 9 GB are needed")
    options.add_argument("--probe", nargs=3, metavar=("TRANSPORT", "PATH", "CACHE"), help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.probe:
        probe(*given.probe)
        return 0
    with tempfile.TemporaryDirectory(prefix="amlcheck-bench-", dir=given.folder) as name:
        return measure(Path(name), given.rounds, 10 if given.small else 1)


def measure(folder: Path, rounds: int, divisor: int) -> int:
    content = pool()
    plans = [smaller(plan, divisor) for plan in (*LAYERS, OTHER)]
    built = [build(folder, plan, content) for plan in plans]
    *layers, other = built
    second = [*layers[:-1], other]
    write_docker(folder / "first.tar", layers)
    write_docker(folder / "second.tar", second)
    write_layout(folder / "first", layers)
    write_layout(folder / "second", second)
    write_docker(folder / "own.tar", [other])
    write_layout(folder / "own", [other])
    size = sum(layer.plain.stat().st_size for layer in layers)
    packed = sum(layer.packed.stat().st_size for layer in layers)
    print(f"{len(layers)} layers, {size / 1e9:.2f} GB plain, {packed / 1e9:.2f} GB gzip")

    def ours(transport: str, path: Path, cold: bool, name: str = "") -> Callable[[], str]:
        cache = folder / f"cache-{transport}{name}"

        def run() -> str:
            if cold:
                shutil.rmtree(cache, ignore_errors=True)
            command = [sys.executable, __file__, "--probe", transport, str(path), str(cache)]
            return subprocess.run(command, check=True, capture_output=True, text=True).stdout

        return run

    def shell(*commands: str) -> Callable[[], str]:
        def run() -> str:
            for command in commands:
                subprocess.run(["bash", "-o", "pipefail", "-c", command], check=True, stdout=subprocess.DEVNULL)
            return ""

        return run

    series = {
        "plain": Series(
            "amlcheck, docker-archive, nothing remembered", ours("docker-archive", folder / "first.tar", True)
        ),
        "second": Series("  then a second image, one layer new", ours("docker-archive", folder / "second.tar", False)),
        "again": Series("  then the same image again", ours("docker-archive", folder / "second.tar", False)),
        "own": Series(
            "amlcheck, an image of that layer alone", ours("docker-archive", folder / "own.tar", True, "own")
        ),
        "piped": Series(
            "tar -x one layer | tar -t, layer by layer",
            shell(*(f"tar -xOf {folder}/first.tar {layer.diff_id}/layer.tar | tar -t" for layer in layers)),
        ),
        "own-piped": Series(
            "  the same for the second image's own layer",
            shell(f"tar -xOf {folder}/second.tar {other.diff_id}/layer.tar | tar -t"),
        ),
        "seeking": Series(
            "tar -tf on unpacked layers, which seeks", shell(*(f"tar -tf {one.plain}" for one in layers))
        ),
        "gzip": Series("amlcheck, OCI layout with gzip, nothing remembered", ours("oci", folder / "first", True)),
        "gzip-second": Series("  then a second image, one layer new", ours("oci", folder / "second", False)),
        "gzip-own": Series("amlcheck, an image of that layer alone", ours("oci", folder / "own", True, "own")),
        "tar-gzip": Series("tar -tzf, layer by layer", shell(*(f"tar -tzf {layer.packed}" for layer in layers))),
        "own-gzip": Series("  the same for the second image's own layer", shell(f"tar -tzf {other.packed}")),
    }
    for _ in range(rounds):
        for one in series.values():
            one.once()
    for one in series.values():
        peak = f"  peak {one.peak / 1024:.0f} MiB" if one.peak else ""
        spread = f"{min(one.seconds):.2f} to {max(one.seconds):.2f}, processor {statistics.median(one.processor):.2f}"
        print(f"{one.median:8.2f} s  ({spread}) {one.name}{peak}")
    for label, mine, theirs in (
        ("gzip layers, against tar -tzf", "gzip", "tar-gzip"),
        ("plain layers, against tar -x | tar -t", "plain", "piped"),
        ("plain layers, against tar -t that seeks and verifies nothing", "plain", "seeking"),
        ("second image, plain, against an image of its own layer alone", "second", "own"),
        ("second image, gzip, against an image of its own layer alone", "gzip-second", "gzip-own"),
        ("second image, plain, against its own layer by tar", "second", "own-piped"),
        ("second image, gzip, against its own layer by tar", "gzip-second", "own-gzip"),
    ):
        processor = statistics.median(series[mine].processor) / statistics.median(series[theirs].processor)
        print(f"{series[mine].median / series[theirs].median:8.2f} x  {label} ({processor:.2f} x in processor time)")
    return 0


def smaller(plan: Plan, divisor: int) -> Plan:
    large = tuple(
        (one[0], max(one[1] // divisor, 1)) if isinstance(one, tuple) else max(one // divisor, 1) for one in plan.large
    )
    return replace(plan, files=plan.files // divisor, large=large)


if __name__ == "__main__":
    sys.exit(main())
