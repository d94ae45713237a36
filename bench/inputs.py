"""Dockerfiles that benches make up: the same text for the same numbers, on every machine.

The mix is what a real file is made of: installs chained with &&, values stated and used, files copied, a condition.
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LARGEST = 1 << 20
"""Bytes of a file of a corpus that is taken."""
_MIX = (
    "ARG VERSION{i}=1.{d}.{i}\n",
    "ENV TOOL{i}_HOME=/opt/tool{i} TOOL{i}_VERSION=${VERSION{i}}\n",
    "RUN apt-get update && apt-get install -y --no-install-recommends \\\n"
    "        lib{i}-dev \\\n        tool{i} \\\n    && rm -rf /var/lib/apt/lists/*\n",
    "COPY src/part{i} requirements{i}.txt /app/part{i}/\n",
    "RUN pip install --no-cache-dir package{i}==1.{d}.0 other{i}==${TOOL{i}_VERSION} && python -c 'import package{i}'\n",
    "RUN curl -fsSL https://example.org/tool{i}-${VERSION{i}}.tar.gz -o /tmp/tool{i}.tar.gz && \\\n"
    "    tar -xzf /tmp/tool{i}.tar.gz -C /opt && ln -s /opt/tool{i}-${VERSION{i}} ${TOOL{i}_HOME} && \\\n"
    "    rm /tmp/tool{i}.tar.gz\n",
    "WORKDIR /app/part{i}\n",
    "RUN if [ -f setup.py ]; then pip install -e . ; fi && mkdir -p /data/{i} && chown -R 1000 /data/{i}\n",
    'LABEL part{i}="the part {i}"\n',
    'RUN useradd user{i} || true; echo "part {i} of ${TOOL{i}_HOME}" >> /etc/parts\n',
)
_BASES = (
    "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu20.04:20221010.v1",
    "ubuntu:20.04",
    "python:3.8-slim",
    "continuumio/miniconda3:4.9.2",
    "nvidia/cuda:11.3.1-cudnn8-devel-ubuntu20.04",
)


def instructions(count: int, first: int = 0) -> str:
    """A Dockerfile of so many instructions with its FROM; another `first` makes another file of the same kind."""
    lines = [f"FROM {_BASES[first % len(_BASES)]}\n"]
    for number in range(first, first + count - 1):
        group, place = divmod(number, len(_MIX))
        lines.append(_MIX[place].replace("{i}", str(group)).replace("{d}", str(group % 20)))
    return "".join(lines)


def make_files(folder: Path, count: int) -> list[str]:
    """So many Dockerfiles of 5 to 44 instructions in a folder, all different; their names, in order."""
    names = []
    for number in range(count):
        path = folder / f"{number:05}.Dockerfile"
        path.write_text(instructions(5 + (20 + number * 17) % 40, number * 7), encoding="utf-8")
        names.append(str(path))
    return names


def files_of(folder: Path, count: int) -> list[str]:
    """The Dockerfiles below a folder, at most so many, chosen the same way every time."""
    import random

    sys.path.insert(0, str(ROOT / "checker"))
    from amlcheck.discover import is_dockerfile_name

    found = [
        str(path)
        for path in sorted(folder.rglob("*"))
        if is_dockerfile_name(path.name) and path.is_file() and path.stat().st_size <= LARGEST
    ]
    return random.Random(0).sample(found, min(count, len(found)))
