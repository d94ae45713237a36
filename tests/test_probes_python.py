"""Probes of Python, conda and azureml-defaults: which one counts, and what else is there."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amlcheck.model import Fact, Unknown
from probing_support import asked, fact, found, places, said, told, unknown
from test_probes_system import DPKG, status
from tree_of_dict import Content, Folder, Link, Program, Result, Unreadable, bare_root, image_of

CONDA_PATH = "/opt/conda/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def record(name: str, version: str) -> str:
    return json.dumps({"name": name, "version": version, "build": "0", "files": ["bin/x"]})


def conda(prefix: str, version: str = "4.12.0", python: str = "3.9.12") -> dict[str, Content]:
    """A synthetic prefix of Miniconda, laid out as the installer does."""
    series = ".".join(python.split(".")[:2])
    meta = f"{prefix}/conda-meta"
    return {
        f"{meta}/conda-{version}-py39h06a4308_0.json": record("conda", version),
        f"{meta}/conda-content-trust-0.1.1-pyhd3eb1b0_0.json": record("conda-content-trust", "0.1.1"),
        f"{meta}/conda-package-handling-1.8.1-py39_0.json": record("conda-package-handling", "1.8.1"),
        f"{meta}/python-{python}-h12debd9_0.json": record("python", python),
        f"{meta}/python-dateutil-2.8.2-py_0.json": record("python-dateutil", "2.8.2"),
        f"{meta}/history": "==> 2022-05-01 00:00:00 <==\n# cmd: constructor\n",
        f"{prefix}/bin/conda": Program(f"#!{prefix}/bin/python\n"),
        f"{prefix}/condabin/conda": Program(f"#!{prefix}/bin/python\n"),
        f"{prefix}/bin/python": Link(f"python{series}"),
        f"{prefix}/bin/python3": Link(f"python{series}"),
        f"{prefix}/bin/python{series}": Program("\x7fELF"),
        f"{prefix}/lib/python{series}/os.py": "",
    }


def debian(series: str = "3.10", version: str = "3.10.12-1~22.04.3") -> dict[str, Content]:
    return {
        DPKG: status(
            ("python3", f"{series}.6-1~22.04"),
            ("python3-minimal", f"{series}.6-1~22.04"),
            (f"python{series}", version),
            (f"python{series}-minimal", version),
            (f"libpython{series}-minimal", version),
        ),
        "/usr/bin/python3": Link(f"python{series}"),
        f"/usr/bin/python{series}": Program("\x7fELF"),
        f"/usr/lib/python{series}/os.py": "",
        "/usr/lib/python3/dist-packages/x.py": "",
    }


def official(version: str = "3.11.7") -> dict[str, Content]:
    """Docker's python image: built from source below /usr/local."""
    series = ".".join(version.split(".")[:2])
    return {
        "/usr/local/bin/python": Link("python3"),
        "/usr/local/bin/python3": Link(f"python{series}"),
        f"/usr/local/bin/python{series}": Program("\x7fELF"),
        f"/usr/local/bin/python{series}-config": Program("#!/bin/sh"),
        f"/usr/local/include/python{series}/patchlevel.h": f'#define PY_MAJOR_VERSION 3\n#define PY_VERSION      "{version}"\n',
        f"/usr/local/lib/python{series}/os.py": "",
    }


def venv(place: str, home: str, series: str, words: str = "") -> dict[str, Content]:
    return {
        f"{place}/pyvenv.cfg": words or f"home = {home}\ninclude-system-site-packages = false\nversion = {series}.6\n",
        f"{place}/bin/python": Link("python3"),
        f"{place}/bin/python3": Link(f"{home}/python{series}"),
        f"{place}/lib/python{series}/site-packages/x.py": "",
    }


INNER_MODULES = {"gunicorn": ("app/wsgiapp.py",), "azureml_inference_server_http": ("server/create_app.py",)}
"""What is imported of a package beside itself."""


def wheel(site: str, name: str, version: str, *requires: str, module: str = "") -> dict[str, Content]:
    lines = "".join(f"Requires-Dist: {item}\n" for item in requires)
    files: dict[str, Content] = {
        f"{site}/{name}-{version}.dist-info/METADATA": (
            f"Metadata-Version: 2.1\nName: {name.replace('_', '-')}\nVersion: {version}\n{lines}\nVersion: 9.9 is no field\n"
        )
    }
    if module:
        files[f"{site}/{module}/__init__.py"] = ""
        for inner in INNER_MODULES.get(module, ()):
            files[f"{site}/{module}/{inner}"] = ""
    return files


# --- Python ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("files", "path", "expected"),
    [
        (debian(), "", "3.10.12"),
        (official(), "", "3.11.7"),
        (official("3.6.15"), "", "3.6.15"),
        (conda("/opt/conda"), CONDA_PATH, "3.9.12"),
        ({**conda("/opt/conda"), **debian()}, CONDA_PATH, "3.9.12"),
        ({**conda("/opt/conda", python="3.8.5"), **debian()}, "/usr/bin:/opt/conda/bin", "3.8.5"),
        ({**official("3.8.18"), **debian()}, "", "3.8.18"),
        ({**debian(), "/usr/local/bin/python": Link("/usr/bin/python3")}, "", "3.10.12"),
        ({**debian(), "/opt/dead/bin/python": Link("/nowhere/python")}, "/opt/dead/bin:/usr/bin", "3.10.12"),
        ({**debian(), "/opt/a/bin/python": "not executable"}, "/opt/a/bin:/usr/bin", "3.10.12"),
        ({**debian(), **venv("/opt/venv", "/usr/bin", "3.10")}, "/opt/venv/bin:/usr/bin", "3.10.12"),
        ({**official(), **venv("/opt/venv", "/usr/local/bin", "3.11")}, "/opt/venv/bin:/usr/bin", "3.11.7"),
        (
            {"/opt/env/bin/python3.7": Program("\0003.7.16\0"), "/opt/env/bin/python": Link("python3.7")},
            "/opt/env/bin",
            "3.7.16",
        ),
        ({"/opt/env/bin/python3.7": Program(), "/opt/env/bin/python": Link("python3.7")}, "/opt/env/bin", "3.7"),
        ({"/usr/bin/python2.7": Program(), "/usr/bin/python": Link("python2.7"), **debian()}, "", "2.7"),
        ({}, "", "absent"),
        ({"/usr/bin/python3.10-config": Program("#!/bin/sh")}, "", "absent"),
        ({"/usr/bin/python3": Link("/usr/bin/python3")}, "", "absent"),
        ({"/usr/bin/python": Program("#!/bin/sh\nexec somewhere/python")}, "", "?"),
    ],
)
def test_the_python_that_counts(files: Mapping[str, Content], path: str, expected: str) -> None:
    assert told("python", image_of(files, path=path)) == expected


def test_conda_python_by_a_name_that_starts_alike() -> None:
    files = conda("/opt/conda")
    del files["/opt/conda/conda-meta/python-3.9.12-h12debd9_0.json"]
    assert told("python", image_of(files, path=CONDA_PATH)) == "3.9"


def test_a_version_that_only_the_program_or_its_library_carries() -> None:
    program: dict[str, Content] = {
        "/usr/bin/python3.11": Program("\0003.11.2\0"),
        "/usr/bin/python3": Link("python3.11"),
    }
    assert told("python", image_of(program)) == "3.11.2"
    shared = {**program, "/usr/bin/python3.11": Program(), "/usr/lib64/libpython3.11.so.1.0": "\0003.11.5\0"}
    assert told("python", image_of(shared)) == "3.11.5"
    both = {**program, "/usr/bin/python3.11": Program("3.11.2 and 3.11.0")}
    assert told("python", image_of(both)) == "3.11"


def test_evidence_of_each_source() -> None:
    image = image_of({**debian(), **venv("/opt/venv", "/usr/bin", "3.10")}, path="/opt/venv/bin")
    assert places("python", image) == [DPKG, "/opt/venv/pyvenv.cfg", "/usr/bin/python3.10"]
    assert said("python", image, "AML402") == []
    assert "3.10.12 in /usr (not what PATH leads to)" in said("python", image, "AML403")[0]


def test_an_environment_whose_python_was_replaced_is_told() -> None:
    image = image_of({**debian(), **venv("/opt/venv", "/usr/bin", "3.10", "version = 3.8.10\n")}, path="/opt/venv/bin")
    assert told("python", image) == "3.10.12"
    assert said("python", image, "AML402")


def test_azure_ml_is_told_its_python() -> None:
    files = {**conda("/opt/conda"), **official()}
    variable = {"AZUREML_INFERENCE_PYTHON_PATH": "/opt/conda/bin/python"}
    image = image_of(files, env=variable)
    assert told("python", image) == "3.9.12"
    assert "Env.AZUREML_INFERENCE_PYTHON_PATH" in places("python", image)
    wrong = image_of(files, env={"AZUREML_INFERENCE_PYTHON_PATH": "/opt/env/bin/python"})
    assert "no Python is there" in unknown("python", wrong).reason


def test_one_that_path_does_not_lead_to() -> None:
    testimony = fact("python", image_of(conda("/opt/conda")))
    assert testimony.value.text == "3.9.12"
    assert testimony.note == "it stands in /opt/conda, which is not on PATH"
    several = image_of({**conda("/opt/conda"), **conda("/opt/other", python="3.7.1")})
    assert "PATH leads to none" in unknown("python", several).reason


def test_a_root_file_system_has_no_path() -> None:
    assert told("python", bare_root(conda("/opt/conda"))) == "3.9.12"
    two = fact("python", bare_root({**conda("/opt/conda"), **official()}))
    assert two.value.versions is not None
    assert "3.9.12" in two.value.versions
    assert "3.11.7" in two.value.versions


def test_docker_states_its_version_too() -> None:
    files = official()
    del files["/usr/local/include/python3.11/patchlevel.h"]
    image = image_of(files, env={"PYTHON_VERSION": "3.11.7"})
    assert told("python", image) == "3.11.7"
    assert "Env.PYTHON_VERSION" in places("python", image)
    assert said("python", image_of(official(), env={"PYTHON_VERSION": "3.9.1"}), "AML402")


def test_pyenv() -> None:
    root = "/root/.pyenv"
    files: dict[str, Content] = {
        f"{root}/shims/python": Program("#!/usr/bin/env bash\nexec pyenv exec python"),
        f"{root}/version": "3.8.18\n",
        f"{root}/versions/3.8.18/bin/python": Link("python3.8"),
        f"{root}/versions/3.8.18/bin/python3.8": Program(),
        f"{root}/versions/3.8.18/include/python3.8/patchlevel.h": '#define PY_VERSION "3.8.18"\n',
        f"{root}/versions/3.11.7/bin/python": Link("python3.11"),
        f"{root}/versions/3.11.7/bin/python3.11": Program(),
        **debian(),
    }
    path = f"{root}/shims:/usr/bin"
    assert told("python", image_of(files, path=path)) == "3.8.18"
    assert told("python", image_of(files, path=path, env={"PYENV_VERSION": "3.11.7"})) == "3.11"
    assert told("python", image_of({**files, f"{root}/version": "system"}, path=path)) == "3.10.12"


def test_a_python_that_no_file_tells_of_is_asked() -> None:
    wrapper: dict[str, Content] = {"/usr/bin/python": Program("#!/bin/sh")}
    modern = {"/usr/bin/python --version": Result(0, "Python 3.12.1\n")}
    assert told("python", image_of(wrapper, answers=modern)) == "3.12.1"
    old = {"/usr/bin/python --version": Result(0, "", "Python 2.7.18\n")}
    assert told("python", image_of(wrapper, answers=old)) == "2.7.18"
    lying = {"/usr/bin/python --version": Result(0, "Python \x1b[31m$(x)\n")}
    assert told("python", image_of(wrapper, answers=lying)) == "?"


def test_the_cache_of_packages_is_no_installation() -> None:
    cached: dict[str, Content] = {
        f"/opt/conda/pkgs/python-3.7.1-0{path}": item
        for path, item in conda("", python="3.7.1").items()
        if "conda-meta" not in path
    }
    image = image_of(
        {**conda("/opt/conda"), **cached, "/opt/conda/pkgs/python-3.7.1-0/info/index.json": "{}"}, path=CONDA_PATH
    )
    assert told("python", image) == "3.9.12"
    assert said("python", image, "AML403") == []


def test_python_past_its_life() -> None:
    (notice,) = found("AML207", image_of(official("3.6.15")))
    assert notice.message.startswith("Python 3.6 is past its end of life since 2021")
    assert found("AML207", image_of(official("3.13.1"))) == []
    assert found("AML207", image_of({})) == []


def test_conda_python_hidden_by_another() -> None:
    hidden = image_of({**conda("/opt/conda"), **official()})
    (notice,) = found("AML204", hidden)
    assert "`python` is the one in /usr/local" in notice.message
    assert found("AML204", image_of(conda("/opt/conda"), path=CONDA_PATH)) == []
    assert found("AML204", image_of(official())) == []


# --- conda -----------------------------------------------------------------------------------------------------------


def without(files: dict[str, Content], *paths: str) -> dict[str, Content]:
    return {path: item for path, item in files.items() if path not in paths}


@pytest.mark.parametrize(
    ("files", "path", "expected"),
    [
        (conda("/opt/conda"), CONDA_PATH, "4.12.0"),
        (conda("/opt/miniconda", "4.5.11"), "/opt/miniconda/bin", "4.5.11"),
        ({**conda("/opt/conda"), **conda("/root/miniconda3", "4.3.1")}, CONDA_PATH, "4.12.0"),
        ({**conda("/opt/conda"), **conda("/root/miniconda3", "4.3.1")}, "/root/miniconda3/bin", "4.3.1"),
        ({**conda("/opt/conda"), "/usr/local/bin/conda": Link("/opt/conda/bin/conda")}, "/usr/local/bin", "4.12.0"),
        ({**conda("/opt/conda"), "/usr/bin/conda": Program("#!/opt/conda/bin/python\n")}, "/usr/bin", "4.12.0"),
        (conda("/opt/conda"), "/opt/conda/condabin:/usr/bin", "4.12.0"),
        ({**conda("/opt/real"), "/opt/conda": Link("/opt/real")}, CONDA_PATH, "4.12.0"),
        ({**conda("/opt/conda"), **conda("/opt/other", "4.3.1")}, "/usr/bin", "?"),
        ({}, "", "absent"),
        ({"/opt/env/conda-meta/python-3.9.12-0.json": record("python", "3.9.12")}, "", "absent"),
        ({"/opt/env/conda-meta/conda-build-3.2-0.json": record("conda-build", "3.2")}, "", "absent"),
        ({"/opt/env/conda-meta/conda-libmamba-solver-24.1-0.json": ""}, "", "absent"),
        ({"/bin/micromamba": Program()}, "", "absent"),
        ({"/opt/conda/bin/conda": Program("#!/bin/sh")}, CONDA_PATH, "present"),
        (
            {"/opt/c/conda-meta/conda-4.9.2-py38_0.json": "not JSON", "/opt/c/bin/conda": Program()},
            "/opt/c/bin",
            "4.9.2",
        ),
        (
            {"/opt/c/conda-meta/conda-4.9.2-py38_0.json": "[" * 9999, "/opt/c/bin/conda": Program()},
            "/opt/c/bin",
            "4.9.2",
        ),
        ({"/opt/c/conda-meta/conda-4.9.2-py38_0.json": '"x"', "/opt/c/bin/conda": Program()}, "/opt/c/bin", "4.9.2"),
        (
            {"/opt/c/conda-meta/conda-4.9.2-py38_0.json": record("conda", "4.8.3"), "/opt/c/bin/conda": Program()},
            "/opt/c/bin",
            "4.8.3",
        ),
        (
            {"/opt/c/conda-meta/conda-4.9.2-py38_0.json": Unreadable(), "/opt/c/bin/conda": Program()},
            "/opt/c/bin",
            "4.9.2",
        ),
    ],
)
def test_conda(files: Mapping[str, Content], path: str, expected: str) -> None:
    assert told("conda", image_of(files, path=path)) == expected


def test_conda_that_path_does_not_lead_to() -> None:
    testimony = fact("conda", image_of(conda("/opt/conda"), path="/opt/miniconda/bin:/usr/bin"))
    assert (testimony.value.text, testimony.note) == ("4.12.0", "it stands in /opt/conda, which is not on PATH")


def test_micromamba_is_named() -> None:
    assert (
        "micromamba (/bin/micromamba) is another program"
        in fact("conda", image_of({"/bin/micromamba": Program()})).note
    )


def test_conda_by_history_and_by_metadata() -> None:
    history = (
        "+defaults::conda-4.7.10-py37_0\n-defaults::conda-4.7.10-py37_0\n+defaults/linux-64::conda-4.7.12-py37_0\n"
    )
    image = image_of({"/opt/c/conda-meta/history": history, "/opt/c/bin/conda": Program()}, path="/opt/c/bin")
    assert told("conda", image) == "4.7.12"
    site = "/usr/local/lib/python3.6/site-packages"
    egg: dict[str, Content] = {
        f"{site}/conda-4.3.16-py3.6.egg-info": "Metadata-Version: 1.0\nName: conda\nVersion: 4.3.16\n\n",
        "/usr/local/bin/conda": Program("#!/usr/local/bin/python\n"),
    }
    assert told("conda", image_of(egg)) == "4.3.16"
    removed = image_of({"/opt/c/conda-meta/history": "+x::conda-4.7.10-py37_0\n-x::conda-4.7.10-py37_0\n"})
    assert told("conda", removed) == "absent"


def test_conda_is_asked_only_where_no_file_tells() -> None:
    wrapper: dict[str, Content] = {"/usr/bin/conda": Program("#!/bin/sh")}
    assert (
        told("conda", image_of(wrapper, answers={"/usr/bin/conda --version": Result(0, "conda 4.6.14\n")})) == "4.6.14"
    )
    assert (
        told("conda", image_of(wrapper, answers={"/usr/bin/conda --version": Result(0, "", "conda 4.2.9")})) == "4.2.9"
    )
    assert told("conda", image_of(wrapper, answers={"/usr/bin/conda --version": Result(0, "mamba 2")})) == "present"


def test_conda_in_a_root_file_system() -> None:
    assert told("conda", bare_root(conda("/opt/conda"))) == "4.12.0"


# --- azureml-defaults ------------------------------------------------------------------------------------------------

SITE = "/usr/local/lib/python3.11/site-packages"


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (wheel(SITE, "azureml_defaults", "1.62.0"), "1.62.0"),
        (wheel(SITE, "azureml-defaults", "1.62.0"), "1.62.0"),
        (wheel(SITE, "AzureML.Defaults", "1.57.0.post1"), "1.57.0.post1"),
        ({f"{SITE}/azureml_defaults.egg-info/PKG-INFO": "Name: azureml-defaults\nVersion: 1.0.45\n\n"}, "1.0.45"),
        ({f"{SITE}/azureml_defaults-1.0.45-py3.11.egg-info": "Name: azureml-defaults\nVersion: 1.0.45\n\n"}, "1.0.45"),
        (wheel("/root/.local/lib/python3.11/site-packages", "azureml_defaults", "1.5.0"), "1.5.0"),
        (wheel(SITE, "azureml_defaults_extra", "1.62.0"), "absent"),
        (wheel("/usr/local/lib/python3.8/site-packages", "azureml_defaults", "1.62.0"), "?"),
        (wheel("/opt/conda/envs/x/lib/python3.11/site-packages", "azureml_defaults", "1.62.0"), "?"),
        ({f"{SITE}/azureml_defaults-1.62.0.dist-info/METADATA": Unreadable()}, "?"),
        ({f"{SITE}/azureml_defaults-1.62.0.dist-info/METADATA": "x" * (10 << 20)}, "?"),
        ({f"{SITE}/azureml_defaults-1.62.0.dist-info/METADATA": ""}, "1.62.0"),
        ({f"{SITE}/azureml_defaults-1.62.0.dist-info/METADATA": "Version: $(reboot)\n\n"}, "present"),
        ({f"{SITE}/azureml_defaults-1.62.0.dist-info/METADATA": "Version: " + "9." * 5000 + "1\n\n"}, "present"),
        ({f"{SITE}/azureml_defaults-1.62.0.dist-info/RECORD": ""}, "absent"),
        ({f"{SITE}/azureml_defaults-1.62.0.dist-info/METADATA": Folder()}, "absent"),
    ],
)
def test_azureml_defaults(files: dict[str, Content], expected: str) -> None:
    assert told("azureml-defaults", image_of({**official(), **files})) == expected


def test_what_is_in_another_environment_does_not_count() -> None:
    files = {**official(), **wheel("/opt/venv/lib/python3.11/site-packages", "azureml_defaults", "1.62.0")}
    reason = unknown("azureml-defaults", image_of(files)).reason
    assert reason == "azureml-defaults 1.62.0 is installed in /opt/venv, and `python` runs in /usr/local"


def test_of_two_the_one_that_python_imports_counts() -> None:
    files = {
        **conda("/opt/conda"),
        **wheel("/opt/conda/lib/python3.9/site-packages", "azureml_defaults", "1.40.0"),
        **official(),
        **wheel(SITE, "azureml_defaults", "1.62.0"),
    }
    assert told("azureml-defaults", image_of(files, path=CONDA_PATH)) == "1.40.0"
    assert told("azureml-defaults", image_of(files)) == "1.62.0"
    assert said("azureml-defaults", image_of(files), "AML403")
    by_variable = image_of(files, env={"PYTHONPATH": "/opt/more"})
    assert told("azureml-defaults", by_variable) == "1.62.0"
    more = image_of({**files, **wheel("/opt/more", "azureml_defaults", "1.50.0")}, env={"PYTHONPATH": "/opt/more"})
    assert told("azureml-defaults", more) == "1.50.0"


def test_an_environment_with_the_packages_of_the_system() -> None:
    shared = venv("/opt/venv", "/usr/local/bin", "3.11", "home = /usr/local/bin\ninclude-system-site-packages = true\n")
    alone = venv("/opt/venv", "/usr/local/bin", "3.11")
    defaults = wheel(SITE, "azureml_defaults", "1.62.0")
    path = "/opt/venv/bin:/usr/local/bin"
    assert told("azureml-defaults", image_of({**official(), **shared, **defaults}, path=path)) == "1.62.0"
    assert told("azureml-defaults", image_of({**official(), **alone, **defaults}, path=path)) == "?"


def test_debians_folders() -> None:
    for site in ("/usr/local/lib/python3.10/dist-packages", "/usr/lib/python3/dist-packages"):
        assert told("azureml-defaults", image_of({**debian(), **wheel(site, "azureml_defaults", "1.2.0")})) == "1.2.0"


def test_without_any_python() -> None:
    image = image_of(wheel("/app/site", "azureml_defaults", "1.62.0"))
    assert "no Python is in the image" in unknown("azureml-defaults", image).reason


def test_a_root_file_system_with_two_pythons() -> None:
    files = {**conda("/opt/conda"), **official(), **wheel(SITE, "azureml_defaults", "1.62.0")}
    assert told("azureml-defaults", bare_root(files)) == "?"
    one = {**official(), **wheel(SITE, "azureml_defaults", "1.62.0")}
    assert told("azureml-defaults", bare_root(one)) == "1.62.0"


# --- whatever is in the files ----------------------------------------------------------------------------------------

LAYOUT = {
    **conda("/opt/conda"),
    **debian(),
    **venv("/opt/venv", "/usr/bin", "3.10"),
    **wheel("/opt/conda/lib/python3.9/site-packages", "azureml_defaults", "1.40.0"),
}


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(sorted(LAYOUT)), st.binary(max_size=200), max_size=6), st.booleans())
def test_no_content_breaks_a_probe(damage: dict[str, Content], known: bool) -> None:
    files = {**LAYOUT, **damage}
    image = image_of(files, path=f"/opt/venv/bin:{CONDA_PATH}") if known else bare_root(files)
    for component in ("python", "conda", "azureml-defaults"):
        testimony = asked(component, image).testimony
        assert not (isinstance(testimony, Unknown) and "failed" in testimony.reason), testimony


LINKS = st.sampled_from(
    ["/opt/venv/bin/python3", "/usr/bin/python3", "../../bin", "/", "..", ".", "/opt/conda/bin/python"]
)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(sorted(LAYOUT)), LINKS, max_size=8))
def test_no_link_breaks_a_probe(links: dict[str, str]) -> None:
    image = image_of({**LAYOUT, **{path: Link(target) for path, target in links.items()}}, path=CONDA_PATH)
    for component in ("python", "conda", "azureml-defaults"):
        testimony = asked(component, image).testimony
        assert not (isinstance(testimony, Unknown) and "failed" in testimony.reason), testimony


@settings(deadline=None)
@given(st.permutations(["/opt/conda/bin", "/opt/venv/bin", "/usr/bin"]))
def test_the_first_on_path_counts(path: list[str]) -> None:
    expected = {"/opt/conda/bin": "3.9.12", "/opt/venv/bin": "3.10.12", "/usr/bin": ""}
    first = next(expected[folder] for folder in path if expected[folder])
    testimony = asked("python", image_of(LAYOUT, path=":".join(path))).testimony
    assert isinstance(testimony, Fact)
    assert testimony.value.text == first
