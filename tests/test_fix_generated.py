"""Every repair on Dockerfiles that are put together from pieces: what has to hold is in fix_properties.py."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from amlcheck.today import VARIABLE
from fix_properties import Seen, examine
from support import options_of

FROM = st.sampled_from(
    [
        "FROM ubuntu",
        "ARG BASE=ubuntu\nARG TAG=14.04\nFROM ${BASE}:${TAG}",
        "FROM --platform=linux/arm64 ubuntu:20.04 AS first",
        "FROM python:3.5-slim",
        "FROM python:latest\nUSER nobody",
        "FROM mcr.microsoft.com/azureml/openmpi3.1.2-ubuntu18.04:20210714.v1",
        "FROM continuumio/miniconda3:4.3.11",
        "FROM nvidia/cuda:11.3.1-base-ubuntu20.04\nENV CUDA_VERSION=10.2",
        "FROM alpine:3.20",
    ]
)
STEP = st.sampled_from(
    [
        "RUN apt-get update && apt-get install -y \\\n    fuse \\\n    # half of it\n    wget",
        "RUN apt-get install -y libfuse-dev; true",
        'RUN ["apt-get", "install", "-y", "fuse3"]',
        "RUN a && \\\xa0\n    b",
        "RUN one\n    two",
        "coppy a b",
        "ARG V=1.0.43\nRUN pip install azureml-defaults==$V numpy",
        "RUN pip install 'azureml-defaults[x]>=1.0,<1.0.45' flask==1.1.4",
        "RUN pip install azureml-defaults",
        "COPY requirements.txt /tmp/\nRUN pip install -r /tmp/requirements.txt",
        "COPY environment.yml .\nRUN conda env update -n base -f environment.yml",
        "ENV PATH=/opt/miniconda/bin:$PATH",
        "ARG CONDA=4.3.11\nRUN wget -q https://repo.anaconda.com/miniconda/Miniconda3-${CONDA}-Linux-x86_64.sh -O /tmp/c.sh"
        " && bash /tmp/c.sh -b -p /opt/conda",
        "RUN conda install -y python=3.5",
        "RUN <<EOF\napt-get install -y fuse\npip install azureml-defaults==1.0.43\nEOF",
        '# amlcheck: ignore=AML302 reason="tried"',
        "EXPOSE 8080",
        'CMD ["azmlinfsrv", "--entry_script", "score.py"]',
        "# caf\xe9",
    ]
)
BESIDE = {
    "requirements.txt": "# what serves\nazureml-defaults==1.0.43\nwerkzeug==2.0.3\n",
    "environment.yml": "name: a\nchannels: [conda-forge]\ndependencies:\n  - python=3.5\n  - pip:\n"
    "    - azureml-defaults==1.0.43\n",
}
WAYS = st.sampled_from(["plain", "CRLF", "mark", "no end", "bytes"])
OPTIONS = st.sampled_from(["", "--datasets --user-managed", "--require git", "--profile azureml-2020-03"])


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(FROM, min_size=1, max_size=2), st.lists(STEP, max_size=7), WAYS, OPTIONS)
def test_generated(starts: list[str], steps: list[str], way: str, options: str) -> None:
    text = "\n".join([*starts[:-1], *steps[: len(steps) // 2], starts[-1], *steps[len(steps) // 2 :]]) + "\n"
    content = text.encode("utf-8" if way != "bytes" else "latin-1")
    if way == "CRLF":
        content = content.replace(b"\n", b"\r\n")
    elif way == "mark":
        content = b"\xef\xbb\xbf" + content
    elif way == "no end":
        content = content.rstrip(b"\n")
    before, day = Path.cwd(), os.environ.get(VARIABLE)
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        os.environ[VARIABLE] = "2026-11-21"
        try:
            Path("Dockerfile").write_bytes(content)
            for name, words in BESIDE.items():
                Path(name).write_text(words, encoding="utf-8")
            examine(["Dockerfile"], options_of(options), Seen(), Path(folder))
        finally:
            os.chdir(before)
            os.environ.pop(VARIABLE) if day is None else os.environ.update({VARIABLE: day})
