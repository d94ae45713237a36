"""Images with one planted defect each, and what amlcheck must say of every image: data, no code.

What is real is removed or replaced by something real where that can be had; what is only claimed is labelled as the
images it comes from are: see README.md.
"""

from __future__ import annotations

from dataclasses import dataclass

from images.definition import Definition

GPU = ("--require", "cuda==11.7.*", "--require", "cudnn==8.5.*", "--require", "nccl==2.13.*")
OPEN_MPI = ("--require", "mpi=openmpi ==4.1.*")
ALL = ("--datasets", "--user-managed", "--require", "git")
"""Asks for all that the compliant image has beside CUDA."""


@dataclass(frozen=True)
class Planted:
    """One requirement that an image violates, and nothing else does."""

    image: str
    component: str
    """The requirement."""
    found: str
    """What the verdict's `found` contains."""
    where: tuple[str, ...]
    """Words of the places that the evidence names; each must be there."""
    options: tuple[str, ...] = (*ALL, *OPEN_MPI)
    """What `amlcheck probe` is asked with; without the defect everything would be met."""
    says: str = ""
    """Words of the reason, where `found` does not say it all."""
    findings: tuple[str, ...] = ()
    """Rules that must be heard too."""
    undecided: tuple[str, ...] = ()
    """Requirements that nobody can decide for it: Azure ML's environment may meet them."""
    run: tuple[str, ...] = ()
    """Requirements that only a program in the image can decide: undecided from files."""
    config: tuple[str, ...] = ()
    """Requirements that depend on PATH, which only the image's config tells: a root file system may leave them open."""


@dataclass(frozen=True)
class Good:
    """An image that meets all it is asked for."""

    image: str
    options: tuple[str, ...] = (*ALL, *OPEN_MPI)
    findings: tuple[str, ...] = ()
    """Rules that must be heard all the same, and no others of weight."""
    run: tuple[str, ...] = ()
    config: tuple[str, ...] = ()
    """As with `Planted`."""


def _changed(name: str, parent: str, *instructions: str, says: str = "") -> Definition:
    """An image that differs from its parent in these instructions; `says` labels what is only claimed."""
    lines = [f"FROM amlcheck-test/{parent}", *instructions]
    if says:
        lines.insert(1, f'LABEL amlcheck.fixture.defect="{says}"')
    return Definition(name, "\n".join(lines) + "\n")


_CUDNN_FILES = "/usr/include/cudnn_version.h"
_NO_MPI = "RUN dpkg --purge openmpi-bin openmpi-common libopenmpi3"

_ENVIRONMENT = ("azureml-defaults", "inference-server")

DEFECTS = [
    _changed(
        "ubuntu-14.04",
        "compliant",
        "RUN sed -i 's/22\\.04\\.4/14.04.6/; s/22\\.04/14.04/; s/Jammy Jellyfish/Trusty Tahr/; s/jammy/trusty/'"
        " /usr/lib/os-release /etc/lsb-release",
        says="claims to be Ubuntu 14.04",
    ),
    _changed(
        "debian-12",
        "compliant",
        "COPY --from=amlcheck-test/debian /usr/lib/os-release /usr/lib/os-release",
        "COPY --from=amlcheck-test/debian /etc/debian_version /etc/debian_version",
        "RUN rm /etc/lsb-release",
    ),
    _changed("no-conda", "compliant", "RUN rm -rf /opt/miniconda/conda-meta /opt/miniconda/bin/conda"),
    _changed(
        "conda-4.3",
        "compliant",
        "RUN cd /opt/miniconda && mv conda-meta/conda-4.9.2-py311h06a4308_0.json conda-meta/conda-4.3.16-py311_0.json"
        " && sed -i 's/4\\.9\\.2/4.3.16/; s/py311h06a4308_0/py311_0/' conda-meta/*.json conda-meta/history bin/conda",
        says="its synthetic conda claims to be 4.3.16",
    ),
    _changed(
        "dead-conda-path",
        "compliant",
        "RUN rm -rf /opt/miniconda/conda-meta /opt/miniconda/bin/conda",
        "ENV PATH=/opt/anaconda/bin:/opt/miniconda/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    ),
    _changed(
        "python-3.5",
        "base",
        "RUN cd /opt/miniconda && rm -rf bin/python* lib/python3.11 conda-meta/python-3.11.2-0.json"
        " && mkdir -p lib/python3.5/site-packages"
        """ && printf '#!/bin/sh\\n# A stub\\necho "Python 3.5.6"\\n' > bin/python3.5 && chmod 755 bin/python3.5"""
        " && ln -s python3.5 bin/python3 && ln -s python3.5 bin/python"
        """ && echo '{"name": "python", "version": "3.5.6", "build": "0", "channel": "synthetic", "files": []}'"""
        " > conda-meta/python-3.5.6-0.json",
        says="its Python is a stub that claims to be 3.5.6",
    ),
    _changed(
        "no-python",
        "base",
        "RUN rm -rf /opt/miniconda/bin/python* /opt/miniconda/lib/python3.11"
        " /opt/miniconda/conda-meta/python-3.11.2-0.json",
    ),
    _changed("no-defaults", "compliant", "RUN pip uninstall --yes --root-user-action ignore azureml-defaults"),
    _changed(
        "no-server", "compliant", "RUN pip uninstall --yes --root-user-action ignore azureml-inference-server-http"
    ),
    _changed("no-flask", "compliant", "RUN pip uninstall --yes --root-user-action ignore flask"),
    _changed("no-fuse", "compliant", "RUN dpkg --purge fuse libfuse-dev libfuse2"),
    _changed(
        "wrong-cudnn",
        "gpu",
        f"RUN sed -i 's/MINOR 5$/MINOR 9/; s/PATCHLEVEL 0$/PATCHLEVEL 6/' {_CUDNN_FILES}"
        " && sed -i 's/^Version: 8\\.5\\.0\\.96-1+cuda11\\.7$/Version: 8.9.6.50-1+cuda11.7/' /var/lib/dpkg/status"
        " && cd /usr/lib/x86_64-linux-gnu && mv libcudnn.so.8.5.0 libcudnn.so.8.9.6 && ln -sf libcudnn.so.8.9.6 libcudnn.so.8",
        "ENV NV_CUDNN_VERSION=8.9.6.50 NV_CUDNN_PACKAGE=libcudnn8=8.9.6.50-1+cuda11.7",
        'LABEL com.nvidia.cudnn.version="8.9.6.50"',
        says="its stub of cuDNN claims to be 8.9.6",
    ),
    _changed(
        "wrong-nccl",
        "gpu",
        "RUN rm /usr/lib/x86_64-linux-gnu/libnccl.so.*"
        " && sed -i 's/NCCL_MINOR 13$/NCCL_MINOR 4/; s/NCCL_PATCH 4$/NCCL_PATCH 8/; s/CODE 21304$/CODE 2408/'"
        " /usr/include/nccl.h"
        " && sed -i 's/^Version: 2\\.13\\.4-1+cuda11\\.7$/Version: 2.4.8-1+cuda11.7/' /var/lib/dpkg/status && ldconfig",
        "ENV NCCL_VERSION=2.4.8-1 NV_LIBNCCL_PACKAGE_VERSION=2.4.8-1",
        says="its NCCL is a header and an entry of dpkg that claim to be 2.4.8",
    ),
    _changed("no-mpi", "compliant", _NO_MPI),
    _changed("no-git", "compliant", "RUN dpkg --purge --force-depends git git-man"),
    # What is no violation, and a finding.
    _changed(
        "cuda-contradiction",
        "gpu",
        "ENV CUDA_VERSION=12.2.0",
        says="its CUDA_VERSION says something else than its files",
    ),
    _changed(
        "two-condas",
        "compliant",
        "RUN mkdir -p /opt/conda/conda-meta /opt/conda/bin && cp -a /opt/miniconda/bin/conda /opt/conda/bin/"
        " && sed 's/4\\.9\\.2/4.12.0/' /opt/miniconda/conda-meta/conda-4.9.2-py311h06a4308_0.json"
        " > /opt/conda/conda-meta/conda-4.12.0-py311h06a4308_0.json && sed -i 's/4\\.9\\.2/4.12.0/' /opt/conda/bin/conda",
        says="its second conda is synthetic too",
    ),
    _changed(
        "two-pythons",
        "compliant",
        "RUN python -m venv --without-pip /opt/venv",
    ),
    _changed("no-runit", "compliant", "RUN dpkg --purge runit && rm -rf /var/runit"),
    _changed("own-entrypoint", "compliant", 'ENTRYPOINT ["/opt/miniconda/bin/python"]'),
    _changed("not-root", "compliant", "USER 1000"),
    # What only a program in the image can tell.
    _changed(
        "bare-mpi",
        "openmpi-5",
        "RUN rm -rf /usr/local/include /usr/local/share/openmpi /usr/local/lib/pkgconfig /usr/local/lib/python3.11",
    ),
]

GOOD = [
    Good("compliant"),
    Good("gpu", (*ALL, *OPEN_MPI, *GPU)),
    Good("intelmpi", (*ALL, "--require", "mpi=intelmpi ==2021.13.*")),
    Good("mpich", (*ALL, "--require", "mpi=mpich ==4.0.*")),
    Good("openmpi-5", (*ALL, "--require", "mpi=openmpi ==5.0.*")),
    Good("cuda-contradiction", (*ALL, *OPEN_MPI, *GPU), findings=("AML402",)),
    Good("two-condas", findings=("AML403",), config=("conda",)),
    Good("two-pythons", findings=("AML403",), config=("python", "azureml-defaults", "inference-server")),
    Good("no-runit", findings=("AML404",)),
    Good("not-root", findings=("AML405",)),
    Good("own-entrypoint", findings=("AML406",)),
    Good("bare-mpi", (*ALL, "--require", "mpi=openmpi ==5.0.*"), run=("mpi",)),
]

PLANTED = [
    Planted("ubuntu-14.04", "ubuntu", "14.04", ("/os-release",)),
    Planted("debian-12", "ubuntu", "debian 12", ("/os-release",)),
    Planted("no-conda", "conda", "absent", ("conda-meta",)),
    Planted("conda-4.3", "conda", "4.3.16", ("/opt/miniconda/conda-meta/conda-4.3.16-py311_0.json",)),
    Planted("dead-conda-path", "conda", "absent", ("conda-meta", "PATH"), findings=("AML203",)),
    Planted(
        "python-3.5",
        "python",
        "3.5.6",
        ("/opt/miniconda/conda-meta/python-3.5.6-0.json",),
        ("--datasets", *OPEN_MPI),
        undecided=_ENVIRONMENT,
    ),
    Planted("no-python", "python", "absent", ("PATH",), ("--datasets", *OPEN_MPI), undecided=_ENVIRONMENT),
    Planted("no-defaults", "azureml-defaults", "absent", ("dist-info",)),
    Planted("old-defaults", "azureml-defaults", "1.0.43", ("azureml_defaults-1.0.43.dist-info",)),
    Planted("no-server", "inference-server", "absent", ("/azureml_defaults-1.62.0.dist-info",)),
    Planted(
        "no-flask",
        "inference-server",
        "absent",
        ("azureml_inference_server_http",),
        says="flask",
    ),
    Planted(
        "old-flask",
        "inference-server",
        "absent",
        ("azureml_inference_server_http",),
        says="Markup",
    ),
    Planted("no-fuse", "libfuse", "absent", ("libfuse",)),
    Planted("wrong-cuda", "cuda", "11.8", ("/usr/local/cuda-11.8/",), (*ALL, *OPEN_MPI, *GPU)),
    Planted("wrong-cudnn", "cudnn", "8.9", (_CUDNN_FILES,), (*ALL, *OPEN_MPI, *GPU)),
    Planted("wrong-nccl", "nccl", "2.4.8", ("/usr/include/nccl.h",), (*ALL, *OPEN_MPI, *GPU)),
    Planted("openmpi-5", "mpi", "openmpi 5.0.8", ("/usr/local",)),
    Planted("mpich", "mpi", "mpich 4.0.3", ("/usr/local",)),
    Planted("intelmpi", "mpi", "intelmpi 2021.13", ("/usr/local",)),
    Planted("no-mpi", "mpi", "absent", ("mpirun",)),
    Planted("no-git", "git", "absent", ("git",)),
]
