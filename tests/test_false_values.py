"""Values that would be wrong: what an audit of real and adversarial Dockerfiles found, and what must be said instead.

`None` is "not known": undecided is an answer, a guess is a bug.
"""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from conftest import Lint

INSTALLER = "Miniconda3-py39_4.12.0-Linux-x86_64.sh"
CONDA = f"RUN wget -q https://repo.anaconda.com/miniconda/{INSTALLER} -O /c.sh && bash /c.sh -b -p /opt/conda"

CASES = [
    # absent is said only where it is certain
    ("FROM ubuntu:20.04\nRUN curl -fsSL https://example.com/x.sh | bash", "git", None),
    ("FROM foo/bar:1 AS b\nFROM ubuntu:20.04\nCOPY --from=b /opt/venv /opt/venv", "python", None),
    ("FROM foo/bar:1 AS b\nFROM ubuntu:20.04\nCOPY --from=b /app/server.jar /app/", "git", "absent"),
    (
        "FROM ubuntu:20.04 AS b\nRUN pip install -r /r.txt\nFROM ubuntu:20.04\nCOPY --from=b /app /app",
        "azureml-defaults",
        None,
    ),
    (
        "FROM nvidia/cuda:11.3.1-devel-ubuntu20.04 AS b\nFROM ubuntu:20.04\nCOPY --from=b /usr/local/cuda /usr/local/cuda",
        "cuda",
        None,
    ),
    ("FROM ubuntu:20.04 AS b\nRUN apt-get install -y git=1:2.25.1-1\nFROM scratch\nCOPY --from=b / /", "git", "2.25.1"),
    ("FROM ubuntu:20.04 AS b\nFROM scratch\nCOPY --from=b / /", "ubuntu", "20.04"),
    ("FROM scratch\nADD rootfs.tar.gz /", "ubuntu", None),
    ("FROM python:3.8-slim\nRUN pip install torch==2.1.0", "cuda", None),
    ("FROM continuumio/miniconda3:4.12.0\nRUN conda install -y pytorch-cuda=11.8", "cuda", None),
    ("FROM ubuntu:20.04\nRUN apt-get install -y sshfs", "libfuse", None),
    ("FROM ubuntu:20.04\nRUN apt-get install -y mpi-default-bin", "mpi", None),
    ("FROM ubuntu:20.04\nRUN apt-get install -y git-extras", "git", "2.25.1"),
    ("FROM ubuntu:20.04\nRUN apt-get install -y software-properties-common", "python", "3.8"),
    ("FROM ubuntu:20.04\nRUN apt-get install -y cuda-cublas-10-0", "cuda", None),
    ("FROM python:3.8-slim\nRUN pip install conda==4.3.16", "conda", "4.3.16"),
    ("FROM ubuntu:20.04\nRUN apt-get install -y supervisor", "python", None),
    ("FROM ubuntu:20.04\nRUN apt-get install -y some-unheard-of-package", "git", None),
    ("FROM ubuntu:20.04\nRUN apt-get install -y wget bzip2 ca-certificates", "python", "absent"),
    ("FROM ubuntu:20.04\nRUN uv python install 3.12", "python", None),
    ("FROM ubuntu:20.04\nRUN python3 setup_env.py", "git", None),
    ("FROM ubuntu:20.04\nRUN find / -name '*.sh' -exec bash {} \\;", "git", None),
    ("FROM ubuntu:20.04\nRUN make -C /src deps", "git", None),
    ("FROM ubuntu:20.04\nRUN cat <<EOF | bash\napt-get install -y git\nEOF", "git", "2.25.1"),
    ("FROM ubuntu:20.04 AS a\nONBUILD RUN apt-get install -y git\nFROM a", "git", "2.25.1"),
    ("FROM ubuntu:20.04\nCOPY *.tar.gz /", "git", None),
    # versions are a component's own
    ("FROM ubuntu:20.04\nRUN apt-get install -y python3-pip=20.0.2-5ubuntu1.6", "python", "3.8"),
    ("FROM ubuntu:20.04\nRUN apt-get install -y git-lfs=3.4.0", "git", "2.25.1"),
    (
        "FROM ubuntu:18.04\nRUN apt-get install -y python3 python3.8\nRUN ln -s /usr/bin/python3.8 /usr/local/bin/python",
        "python",
        "3.8",
    ),
    (
        "FROM ubuntu:18.04\nRUN apt-get install -y python3 python3.7\n"
        "RUN update-alternatives --install /usr/bin/python python /usr/bin/python3.7 1",
        "python",
        "3.7",
    ),
    (
        "FROM ubuntu:18.04\nRUN apt-get install -y python3\nRUN ln -sf /somewhere/python /usr/local/bin/python",
        "python",
        None,
    ),
    (
        "FROM ubuntu:20.04\nRUN apt-get install -y wget\nRUN wget https://download.open-mpi.org/release/openmpi-3.1.2.tar.gz\n"
        "RUN cd /other && make install",
        "mpi",
        None,
    ),
    ("FROM ubuntu:20.04\nRUN wget https://download.open-mpi.org/release/openmpi-3.1.2.tar.gz", "mpi", "absent"),
    (
        "FROM ubuntu:20.04\nRUN wget https://www.python.org/ftp/python/3.9.1/Python-3.9.1.tgz && tar xf Python-3.9.1.tgz && "
        "cd Python-3.9.1 && ./configure --prefix=/opt/py && make install\nRUN apt-get install -y python3",
        "python",
        "3.8",
    ),
    (f"FROM ubuntu:20.04\nENV PATH=/opt/conda/bin:$PATH\n{CONDA}\nRUN conda create -n e conda=4.3", "conda", "4.12.0"),
    (f"FROM ubuntu:20.04\n{CONDA}\nRUN /opt/conda/bin/conda create -n e git=2.40", "git", None),
    (
        f"FROM nvidia/cuda:11.0-base-ubuntu20.04\n{CONDA}\nRUN /opt/conda/bin/conda create -p /e cudatoolkit=9.0",
        "cuda",
        None,
    ),
    ("FROM nvidia/cuda:11.0-base-ubuntu20.04\nRUN conda create -p /e cudatoolkit=9.0", "cuda", "11.0"),
    ("FROM ubuntu:20.04\nRUN apt-get install -s git", "git", "absent"),
    ("FROM continuumio/miniconda3:4.12.0\nRUN conda install --dry-run python=3.6", "python", "3.9"),
    ("FROM ubuntu:18.04\nCOPY sources.list /etc/apt/sources.list\nRUN apt-get install -y git", "git", "present"),
    ("FROM ubuntu:18.04\nRUN sed -i s/bionic/focal/ /etc/apt/sources.list && apt-get install -y git", "git", "present"),
    (
        "FROM ubuntu:18.04\nRUN curl -o /etc/apt/sources.list.d/y.list https://e.com/y && apt-get install -y git",
        "git",
        "present",
    ),
    ("FROM debian:buster\nRUN apt-get install -y git/buster-backports", "git", None),
    ("FROM ubuntu:20.04\nCOPY Miniconda3-latest-Linux-x86_64.sh /c.sh\nRUN bash /c.sh -b -p /opt/conda", "conda", None),
    ("FROM nvidia/cuda:11.8.0-runtime-ubuntu20.04\nENV NCCL_VERSION=2.4", "nccl", "present"),
    (
        "FROM python:3.9-slim\nRUN pip install 'azureml-defaults==1.40.0; python_version<\"3.6\"' azureml-core",
        "azureml-defaults",
        "absent",
    ),
    ("FROM python:3.9-slim\nRUN pip install -c /c.txt azureml-defaults", "azureml-defaults", None),
    (
        "FROM python:3.9-slim\nRUN pip install azureml-defaults==1.50.0\nRUN pip install azureml-defaults",
        "azureml-defaults",
        "1.50.0",
    ),
    ("FROM python:3.9-slim\nRUN pip install --no-deps azureml-defaults==1.50.0", "inference-server", None),
    (
        f"FROM ubuntu:20.04\nENV PATH=/opt/conda/bin:$PATH\n{CONDA}\nARG V\nRUN conda install -y python=${{V}}",
        "python",
        None,
    ),
    (
        f"FROM ubuntu:20.04\nENV PATH=/opt/conda/bin:$PATH\n{CONDA}\nARG V\nRUN conda install -y conda=${{V}}",
        "conda",
        None,
    ),
    ("FROM ubuntu:20.04\nARG V\nRUN apt-get install -y git\nRUN apt-get install -y git=$V", "git", None),
    # what was removed does not stay
    ("FROM python:3.8\nRUN apt-get remove -y git", "git", "absent"),
    ("FROM nvidia/cuda:11.3.1-cudnn8-runtime-ubuntu20.04\nRUN apt-get purge -y 'libcudnn*'", "cudnn", None),
    ("FROM continuumio/miniconda3:4.12.0\nRUN rm -rf /opt/conda", "conda", None),
    (f"FROM ubuntu:20.04\n{CONDA}\nRUN rm -rf /opt/*", "conda", "absent"),
    ("FROM ubuntu:20.04\nRUN apt-get install -y fuse && apt-get remove -y fuse", "libfuse", None),
    ("FROM ubuntu:20.04\nRUN apt-get install -y python3-pip && apt-get remove -y python3-pip", "python", None),
    # another environment is not the one that runs
    (
        "FROM python:3.9-slim\nRUN python -m venv /v && /v/bin/pip install azureml-defaults==1.50.0",
        "azureml-defaults",
        None,
    ),
    ("FROM continuumio/miniconda3:4.12.0\nRUN conda env update -n base -f /e.yml", "conda", None),
    ("FROM continuumio/miniconda3:4.12.0\nENV PATH=/usr/bin:/bin", "python", "3.9"),
]


@pytest.mark.parametrize(("text", "component", "found"), CASES)
def test_value_is_true_or_not_known(lint: Lint, tmp_path: Path, text: str, component: str, found: str | None) -> None:
    report = lint(textwrap.dedent(text) + "\n", context=tmp_path)
    crashed = [item.reason for item in report.judgements if " failed: " in item.reason]
    assert not crashed
    told = next(item for item in report.judgements if item.component == component)
    assert told.found == found, told.reason


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (
            f"FROM ubuntu:20.04\nENV PATH=/opt/miniconda/bin:$PATH\n{CONDA}\nRUN ln -s /opt/conda /opt/miniconda",
            "AML203",
        ),
        ("FROM --platform=linux/amd64/v2 ubuntu:22.04", "AML306"),
        ("FROM ubuntu:22.04\nENV MAX_TOKEN=4096", "AML304"),
        ("FROM nvidia/cuda:11.8.0-base-ubuntu22.04\nENV CUDA_VERSION=118", "AML202"),
        ("FROM python:3.10-slim\nEXPOSE ${P}\nCMD azmlinfsrv --port ${P}", "AML307"),
    ],
)
def test_finding_would_be_false(lint: Lint, text: str, rule: str) -> None:
    assert rule not in [finding.rule for finding in lint(text + "\n").findings]
