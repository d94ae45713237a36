"""Probes of the system: Ubuntu, git, libfuse, runit and the image's config."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amlcheck.model import Unknown
from probing_support import asked, fact, found, places, said, told, unknown
from tree_of_dict import Content, Folder, Link, Program, Result, Unreadable, bare_root, image_of

UBUNTU = 'NAME="Ubuntu"\nVERSION="22.04.3 LTS (Jammy Jellyfish)"\nID=ubuntu\nID_LIKE=debian\nVERSION_ID="22.04"\n'
LSB = 'DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE=22.04\nDISTRIB_CODENAME=jammy\nDISTRIB_DESCRIPTION="Ubuntu 22.04.3 LTS"\n'


def status(*packages: tuple[str, str], state: str = "install ok installed") -> str:
    return "".join(
        f"Package: {name}\nStatus: {state}\nPriority: optional\nArchitecture: amd64\nVersion: {version}\n"
        "Description: something\n more of it\n\n"
        for name, version in packages
    )


DPKG = "/var/lib/dpkg/status"


# --- Ubuntu ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"/etc/os-release": UBUNTU}, "22.04"),
        ({"/etc/os-release": Link("../usr/lib/os-release"), "/usr/lib/os-release": UBUNTU}, "22.04"),
        ({"/usr/lib/os-release": UBUNTU}, "22.04"),
        ({"/etc/lsb-release": LSB}, "22.04"),
        ({"/etc/os-release": UBUNTU, "/etc/lsb-release": LSB}, "22.04"),
        ({"/etc/os-release": "ID='ubuntu'\nVERSION_ID=16.04\n"}, "16.04"),
        ({"/etc/os-release": '  ID="ubuntu"  # so\n# ID=debian\nVERSION_ID="16.04"\n'}, "16.04"),
        ({"/etc/os-release": "ID=debian\nID=ubuntu\nVERSION_ID=20.04"}, "20.04"),
        ({"/etc/os-release": 'ID=debian\nVERSION_ID="12"\n'}, "debian 12"),
        ({"/etc/os-release": "ID=debian\n"}, "debian"),
        ({"/etc/os-release": "ID=alpine\nVERSION_ID=3.19.1\n"}, "alpine 3.19"),
        ({"/etc/os-release": 'ID=linuxmint\nID_LIKE="ubuntu debian"\nVERSION_ID="21"\n'}, "linuxmint 21"),
        ({"/etc/os-release": 'ID="rhel"\nVERSION_ID="8.9"\n'}, "ubi 8.9"),
        ({"/etc/os-release": 'ID="amzn"\nVERSION_ID="2023"\n'}, "amazonlinux 2023"),
        ({"/etc/os-release": 'ID=ubuntu\nVERSION_ID="$(reboot)"\n'}, "present"),
        ({"/etc/os-release": 'ID=ubuntu\nVERSION_ID="' + "9" * 5000 + '"\n'}, "present"),
        ({"/etc/os-release": "ID=ubuntu\r\nVERSION_ID=22.04\r\n"}, "22.04"),
        ({}, "absent"),
        ({"/etc/os-release": 'VERSION_ID="22.04"\n'}, "?"),
        ({"/etc/os-release": ""}, "?"),
        ({"/etc/os-release": b"\xff\xfe\x00" * 100}, "?"),
        ({"/etc/os-release": 'ID="ubuntu\nVERSION_ID=22.04\n'}, "?"),
        ({"/etc/os-release": Unreadable()}, "?"),
        ({"/etc/os-release": "x" * (1 << 20)}, "?"),
        ({"/etc/os-release": Folder()}, "?"),
        ({"/etc/os-release": Link("/etc/os-release"), "/usr/lib/os-release": UBUNTU}, "22.04"),
        ({"/etc/os-release": Link("../../../../usr/lib/os-release"), "/usr/lib/os-release": UBUNTU}, "22.04"),
    ],
)
def test_the_system(files: dict[str, Content], expected: str) -> None:
    assert told("ubuntu", image_of(files)) == expected


def test_the_words_are_the_evidence() -> None:
    (evidence,) = fact("ubuntu", image_of({"/etc/os-release": UBUNTU})).evidence
    assert (evidence.place, evidence.text) == ("/etc/os-release", 'ID=ubuntu; VERSION_ID="22.04"')


def test_two_files_that_disagree_are_told() -> None:
    image = image_of({"/etc/os-release": UBUNTU, "/etc/lsb-release": LSB.replace("22.04", "18.04")})
    assert told("ubuntu", image) == "22.04"
    assert said("ubuntu", image, "AML402") == ["ubuntu: /etc/os-release says 22.04, /etc/lsb-release says 18.04"]


def test_an_unreadable_file_beside_a_good_one_hides_nothing() -> None:
    assert told("ubuntu", image_of({"/etc/os-release": Unreadable(), "/etc/lsb-release": LSB})) == "22.04"


def test_a_system_past_its_life() -> None:
    old = image_of({"/etc/os-release": "ID=ubuntu\nVERSION_ID=16.04\n"})
    (notice,) = found("AML205", old)
    assert notice.message.startswith("Ubuntu 16.04 is past its end of life since 2021")
    assert not found("AML205", image_of({"/etc/os-release": "ID=ubuntu\nVERSION_ID=24.04\n"}))
    assert not found("AML205", image_of({}))


# --- git -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({DPKG: status(("git", "1:2.34.1-1ubuntu1.9"))}, "2.34.1"),
        ({DPKG: status(("git", "1:2.7.4-0ubuntu1.10")), "/usr/bin/git": Program()}, "2.7.4"),
        ({DPKG: status(("git", "1:2.34.1-1"), state="hold ok installed")}, "2.34.1"),
        ({DPKG: status(("git", "1:2.34.1-1"), state="deinstall ok config-files")}, "absent"),
        ({DPKG: status(("git", "1:2.34.1-1"), state="install ok half-installed")}, "absent"),
        ({DPKG: status(("git-man", "1:2.34.1-1"), ("libgit2-1.1", "1.1.0"))}, "absent"),
        ({DPKG: "Package: git\nVersion: 1:2.34.1-1\n"}, "absent"),
        ({"/var/lib/dpkg/status.d/git": "Package: git\nVersion: 1:2.39.2-1.1\n"}, "2.39.2"),
        ({"/lib/apk/db/installed": "P:musl\nV:1.2.4-r2\n\nP:git\nV:2.43.0-r0\nA:x86_64\n\n"}, "2.43.0"),
        ({"/opt/conda/conda-meta/git-2.40.1-pl5321h0.json": "{}"}, "?"),
        ({"/usr/local/bin/git": Program("…\0git/2.41.0\0…")}, "2.41.0"),
        ({"/usr/local/bin/git": "not executable"}, "absent"),
        ({"/usr/local/bin/git": Link("/nowhere")}, "absent"),
        ({}, "absent"),
        ({DPKG: Unreadable()}, "?"),
        ({DPKG: status(("git", "$(reboot)"))}, "present"),
        ({DPKG: status(("git", "\x1b[31m2.34.1"))}, "present"),
        ({DPKG: status(("git", "9" * 10_000))}, "present"),
    ],
)
def test_git(files: dict[str, Content], expected: str) -> None:
    assert told("git", image_of(files)) == expected


def test_git_of_conda_counts_where_path_leads_to_it() -> None:
    files: dict[str, Content] = {
        "/opt/conda/conda-meta/git-2.40.1-pl5321h0.json": '{"name": "git", "version": "2.40.1"}',
        "/opt/conda/bin/git": Program(),
        DPKG: status(("git", "1:2.34.1-1ubuntu1.9")),
        "/usr/bin/git": Program(),
    }
    image = image_of(files, path="/opt/conda/bin:/usr/bin")
    assert told("git", image) == "2.40.1"
    assert told("git", image_of(files, path="/usr/bin:/opt/conda/bin")) == "2.34.1"
    assert said("git", image, "AML403")


def test_git_is_asked_only_where_no_file_tells() -> None:
    answers = {"/usr/local/bin/git --version": Result(0, "git version 2.42.0\n")}
    image = image_of({"/usr/local/bin/git": Program("stripped")}, answers=answers)
    assert told("git", image) == "2.42.0"
    assert places("git", image)[0] == "/usr/local/bin/git --version"
    known = image_of({DPKG: status(("git", "1:2.34.1-1")), "/usr/bin/git": Program()}, answers={})
    assert told("git", known) == "2.34.1"
    assert known.host.asked == []


def test_a_git_that_says_nothing_is_there_all_the_same() -> None:
    assert told("git", image_of({"/usr/local/bin/git": Program()})) == "present"
    answers = {"/usr/local/bin/git --version": Result(1, "git version 1.2.3")}
    assert told("git", image_of({"/usr/local/bin/git": Program()}, answers=answers)) == "present"


# --- libfuse ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({DPKG: status(("libfuse2", "2.9.9-5ubuntu3"))}, "2.9.9"),
        ({DPKG: status(("libfuse2t64", "2.9.9-8.1build1"))}, "2.9.9"),
        ({DPKG: status(("libfuse-dev", "2.9.9-5ubuntu3"), ("libfuse2", "2.9.9-5ubuntu3"))}, "2.9.9"),
        ({DPKG: status(("fuse", "2.9.9-5ubuntu3"))}, "2.9.9"),
        ({DPKG: status(("fuse3", "3.10.5-1build1"), ("libfuse3-3", "3.10.5-1build1"))}, "3.10.5"),
        ({"/usr/lib/x86_64-linux-gnu/libfuse.so.2.9.9": ""}, "2.9.9"),
        (
            {
                "/usr/lib/x86_64-linux-gnu/libfuse.so.2": Link("libfuse.so.2.9.9"),
                "/usr/lib/x86_64-linux-gnu/libfuse.so.2.9.9": "",
            },
            "2.9.9",
        ),
        ({"/usr/lib/libfuse.so.2": Link("libfuse.so.2.9.9")}, "absent"),
        ({"/usr/lib/libfuse.so.2": Folder()}, "absent"),
        ({"/opt/conda/pkgs/fuse-2/lib/libfuse.so.2": "", "/opt/conda/pkgs/fuse-2/info/index.json": "{}"}, "absent"),
        ({"/lib/apk/db/installed": "P:fuse\nV:2.9.9-r3\n\n"}, "2.9.9"),
        ({"/usr/bin/fusermount": Program()}, "?"),
        ({DPKG: status(("libfuse-perl", "1.0"), ("python3-fuse", "1.0"))}, "absent"),
        ({}, "absent"),
        ({DPKG: Unreadable()}, "?"),
    ],
)
def test_libfuse(files: dict[str, Content], expected: str) -> None:
    assert told("libfuse", image_of(files)) == expected


def test_both_generations_are_two_installations() -> None:
    image = image_of({DPKG: status(("libfuse2", "2.9.9-5"), ("libfuse3-3", "3.14.0-4"))})
    assert asked("libfuse", image).notices[0][0] == "AML403"
    assert fact("libfuse", image).value.present


def test_fusermount_is_asked_for_a_version_that_no_file_has() -> None:
    answers = {"/usr/bin/fusermount -V": Result(0, "fusermount version: 2.9.7\n")}
    files: dict[str, Content] = {"/usr/lib/libfuse.so.2": "", "/usr/bin/fusermount": Program()}
    assert told("libfuse", image_of(files, answers=answers)) == "2.9.7"
    assert told("libfuse", image_of(files)) == "present"


def test_half_of_fuse() -> None:
    library = image_of({DPKG: status(("libfuse-dev", "2.9.9-5"), ("libfuse2", "2.9.9-5"))})
    assert "not fusermount" in found("AML206", library)[0].message
    program = image_of({DPKG: status(("fuse", "2.9.9-5")), "/bin/fusermount": Program()})
    assert "not libfuse-dev" in found("AML206", program)[0].message
    both: dict[str, Content] = {
        DPKG: status(("fuse", "2.9.9-5"), ("libfuse-dev", "2.9.9-5")),
        "/bin/fusermount": Program(),
    }
    assert found("AML206", image_of(both)) == []
    assert found("AML206", image_of({})) == []


# --- runit and the config --------------------------------------------------------------------------------------------


def test_runit() -> None:
    whole: dict[str, Content] = {"/usr/bin/runsvdir": Program(), "/var/runit/gunicorn/run": Program()}
    assert found("AML404", image_of(whole)) == []
    linked: dict[str, Content] = {
        "/usr/bin/runsvdir": Program(),
        "/var/runit": Link("/etc/service"),
        "/etc/service/gunicorn/run": Program(),
    }
    assert found("AML404", image_of(linked)) == []
    assert "there is no /var/runit" in found("AML404", image_of({"/usr/bin/runsvdir": Program()}))[0].message
    assert "runsvdir is not on PATH" in found("AML404", image_of({"/var/runit/x/run": Program()}))[0].message
    empty = image_of({"/usr/bin/runsvdir": Program(), "/var/runit": Folder()})
    assert "no service" in found("AML404", empty)[0].message


@pytest.mark.parametrize(
    ("rule", "config", "expected"),
    [
        ("AML306", {"architecture": "arm64"}, 1),
        ("AML306", {"os": "windows"}, 1),
        ("AML306", {}, 0),
        ("AML306", {"variant": "v3"}, 0),
        ("AML306", {"os": "", "architecture": ""}, 0),
        ("AML405", {"user": "1000"}, 1),
        ("AML405", {"user": "dockeruser:users"}, 1),
        ("AML405", {"user": ""}, 0),
        ("AML405", {"user": "root"}, 0),
        ("AML405", {"user": "0:0"}, 0),
        ("AML406", {"entrypoint": ("/entry.sh",)}, 1),
        ("AML406", {"entrypoint": ("tini", "--", "/entry.sh")}, 1),
        ("AML406", {"entrypoint": ("/bin/sh", "-c", "source x && exec $0")}, 1),
        ("AML406", {"entrypoint": ("/bin/bash",)}, 0),
        ("AML406", {"entrypoint": ("/usr/bin/tini", "--")}, 0),
        ("AML406", {}, 0),
        ("AML307", {"cmd": ("runsvdir", "/var/runit")}, 1),
        ("AML307", {"cmd": ("runsvdir", "/var/runit"), "ports": ("5001/tcp",)}, 0),
        ("AML307", {"entrypoint": ("azmlinfsrv",), "cmd": ("--port", "8080"), "ports": ("5001/tcp",)}, 1),
        ("AML307", {"entrypoint": ("azmlinfsrv",), "cmd": ("--port", "8080"), "ports": ("8080/tcp",)}, 0),
        ("AML307", {"cmd": ("azmlinfsrv", "--port", "9" * 5000)}, 1),
        ("AML307", {"cmd": ("bash",)}, 0),
    ],
)
def test_the_config(rule: str, config: dict[str, object], expected: int) -> None:
    assert len(found(rule, image_of({}, **config))) == expected  # type: ignore[arg-type]


@pytest.mark.parametrize("rule", ["AML203", "AML306", "AML307", "AML405", "AML406"])
def test_without_a_config_nothing_is_said_of_it(rule: str) -> None:
    assert found(rule, bare_root({})) == []


def test_a_dead_entry_of_path() -> None:
    path = "/opt/miniconda/bin:/usr/bin:/usr/local/nvidia/bin:/opt/venv/bin"
    image = image_of({"/home/dockeruser/miniconda/conda-meta/conda-4.7.12-py37_0.json": "{}"}, path=path)
    assert [notice.message for notice in found("AML203", image)] == [
        "PATH names /opt/miniconda/bin, which is not in the image (conda stands in /home/dockeruser/miniconda)",
        "PATH names /opt/venv/bin, which is not in the image (conda stands in /home/dockeruser/miniconda)",
    ]
    there = image_of({"/opt/miniconda/bin/conda": "", "/opt/venv/bin/python": ""}, path=path)
    assert found("AML203", there) == []
    linked = image_of({"/opt/miniconda": Link("/opt/conda"), "/opt/conda/bin/x": "", "/opt/venv/bin/y": ""}, path=path)
    assert found("AML203", linked) == []


# --- whatever is in the files ----------------------------------------------------------------------------------------

FILES = ("/etc/os-release", "/etc/lsb-release", DPKG, "/lib/apk/db/installed", "/etc/passwd")


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(FILES), st.binary(max_size=300), max_size=5))
def test_no_content_breaks_a_probe(files: dict[str, Content]) -> None:
    image = image_of(files)
    for component in ("ubuntu", "git", "libfuse"):
        testimony = asked(component, image).testimony
        assert not (isinstance(testimony, Unknown) and "failed" in testimony.reason), testimony


@settings(deadline=None)
@given(
    name=st.sampled_from(["ubuntu", "debian", "alpine"]),
    quote=st.sampled_from(["", "'", '"']),
    major=st.integers(4, 40),
    minor=st.integers(0, 12),
)
def test_quotes_change_nothing(name: str, quote: str, major: int, minor: int) -> None:
    text = f"ID={quote}{name}{quote}\nVERSION_ID={quote}{major}.{minor:02}{quote}\n"
    family = "" if name == "ubuntu" else f"{name} "
    assert told("ubuntu", image_of({"/etc/os-release": text})) == f"{family}{major}.{minor:02}"


def test_an_unreadable_package_list_is_never_absence() -> None:
    for component in ("git", "libfuse", "mpi", "cuda", "cudnn", "nccl"):
        assert "damaged" in unknown(component, image_of({DPKG: Unreadable()})).reason
