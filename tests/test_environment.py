"""Package specifications, requirements, conda and lock files, and image references: what they say, and where it stands."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from amlcheck.dockerfile.source import Mapped, Source
from amlcheck.dockerfile.text import Text, hole, literal
from amlcheck.environment.conda_file import CondaFile, CondaFileError, read_conda_file
from amlcheck.environment.lock_files import locked_packages
from amlcheck.environment.requirements_file import read_requirements
from amlcheck.environment.specs import Spec, conda_spec, conda_versions, pip_spec
from amlcheck.reference import Reference, parse_reference


def _mapped(text: str, path: str = "file") -> Mapped:
    return Mapped.of(Source(path, text))


def _word(text: str) -> Text:
    """A word in which `?` stands for something that is not known."""
    source = Source("file", text)
    pieces = Text()
    for index, part in enumerate(text.split("?")):
        if index:
            pieces = pieces + hole("ARG V has no default")
        at = sum(len(before) + 1 for before in text.split("?")[:index])
        pieces = pieces + literal(part, source.span(at, at + len(part)))
    return pieces


def _shown(spec: Spec | None) -> tuple[str, str | None, str] | None:
    if spec is None:
        return None
    return spec.name, None if spec.versions is None else spec.versions.text, spec.unknown


# --- conda ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "name", "versions"),
    [
        ("python", "python", None),
        ("Python", "python", None),
        ("python=3.7", "python", "3.7"),
        ("python==3.7.4", "python", "3.7.4"),
        ("python=3.7.4", "python", "3.7.4"),
        ("python=3.7.*", "python", "3.7"),
        ("python==3.7.*", "python", "3.7"),
        ("python 3.7", "python", "3.7"),
        ("python 3.7.4", "python", "3.7.4"),
        ("python >=3.6", "python", ">=3.6"),
        ("python>=3.6,<3.9", "python", ">=3.6,<3.9"),
        ("python >=3.6, <3.9", "python", ">=3.6, <3.9"),
        ("'python>=3.6'", "python", ">=3.6"),
        ("cudatoolkit=10.1=h6bb024c_0", "cudatoolkit", "10.1"),
        ("cudatoolkit 10.1 h6bb024c_0", "cudatoolkit", "10.1"),
        ("conda-forge::numpy", "numpy", None),
        ("conda-forge::numpy=1.2", "numpy", "1.2"),
        ("conda-forge/linux-64::numpy=1.2", "numpy", "1.2"),
        ("python[version='3.7.*']", "python", "3.7"),
        ('python[version=">=3.7,<4", build=x]', "python", ">=3.7,<4"),
        ("python=3.6|3.7", "python", "3.6 | 3.7"),
        ("python!=3.7", "python", "!=3.7"),
        ("ruamel.yaml=0.15", "ruamel.yaml", "0.15"),
        ("backports.zoneinfo", "backports.zoneinfo", None),
        ("_libgcc_mutex=0.1", "_libgcc_mutex", "0.1"),
        ("python=*", "python", "any version"),
    ],
)
def test_conda_match_specs(text: str, name: str, versions: str | None) -> None:
    found = conda_spec(_word(text))
    assert found is not None
    shown = found.versions.text.replace(" ", "") if found.versions else None
    assert (found.name, shown, found.unknown) == (name, versions.replace(" ", "") if versions else None, "")


@pytest.mark.parametrize(
    ("spec", "inside", "outside"),
    [
        ("=3.7", ["3.7", "3.7.9"], ["3.8", "3.70"]),
        ("==3.7", ["3.7", "3.7.0"], ["3.7.9"]),
        ("=3.7.4", ["3.7.4"], ["3.7.5"]),
        ("3.7", ["3.7.9"], ["3.8"]),
        ("3.7.4", ["3.7.4"], ["3.7.4.1", "3.7.5"]),
        ("3.7.*", ["3.7.4"], ["3.8"]),
        ("3*", ["3.7"], ["4"]),
        (">=3.6,<3.9", ["3.6", "3.8.9"], ["3.9", "3.5"]),
        ("3.6|3.8.*", ["3.6.1", "3.8.1"], ["3.7"]),
        (">3.6", ["3.7"], ["3.6", "3.5"]),
        ("!=3.7.*", ["3.8"], ["3.7.4"]),
        ("~=3.7.2", ["3.7.3"], ["3.8", "3.7.1"]),
        ("*", ["1"], []),
        ("1.0.*,>=1.0.3", ["1.0.4"], ["1.0.2", "1.1"]),
    ],
)
def test_condas_versions(spec: str, inside: list[str], outside: list[str]) -> None:
    found = conda_versions(spec)
    assert found is not None
    assert [version for version in inside if version not in found] == []
    assert [version for version in outside if version in found] == []


@pytest.mark.parametrize("spec", ["abc", "=", "1.1.1k", ">=", "3.7 3.8 3.9"])
def test_what_is_no_version_of_conda_is_not_guessed(spec: str) -> None:
    assert conda_versions(spec) is None


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("python=?", ("python", None, "ARG V has no default")),
        ("python=3.?", ("python", None, "ARG V has no default")),
        ("python>=?", ("python", None, "ARG V has no default")),
        ("?", None),
        ("?=3.7", None),
        ("", None),
        ("openssl=1.1.1k", ("openssl", None, "'=1.1.1k' is not a version that can be read")),
    ],
)
def test_what_a_conda_spec_does_not_say_is_told(text: str, shown: tuple[str, str | None, str] | None) -> None:
    assert _shown(conda_spec(_word(text))) == shown


@pytest.mark.parametrize(
    ("text", "part"),
    [("python=3.7", "=3.7"), ("conda-forge::python >=3.6,<4", ">=3.6,<4"), ("python[version='3.7.*']", "3.7.*")],
)
def test_the_version_of_a_conda_spec_stands_at_its_place(text: str, part: str) -> None:
    found = conda_spec(_word(text))
    assert found is not None
    assert found.version_part is not None
    assert found.version_part.span is not None
    assert found.version_part.span.text == part


# --- pip -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "name", "versions", "unknown"),
    [
        ("flask", "flask", None, ""),
        ("Flask", "flask", None, ""),
        ("azureml_defaults", "azureml-defaults", None, ""),
        ("azureml.defaults==1.0", "azureml-defaults", "1.0", ""),
        ("flask==2.0.1", "flask", "2.0.1", ""),
        ("flask == 2.0.1", "flask", "2.0.1", ""),
        ("flask===2.0.1", "flask", "2.0.1", ""),
        ("flask==2.0.*", "flask", "2.0", ""),
        ("flask>=1,<2", "flask", ">=1,<2", ""),
        ("flask~=2.0.1", "flask", "~=2.0.1", ""),
        ("flask!=2.0", "flask", "!=2.0", ""),
        ("flask (>=1.0)", "flask", ">=1.0", ""),
        ("flask[async]==2.0", "flask", "2.0", ""),
        ("flask == 2.0 ; python_version < '3.9'", "flask", "2.0", ""),
        ("https://x/y/flask-2.0.1-py3-none-any.whl", "flask", "2.0.1", ""),
        ("/tmp/azureml_defaults-1.35.0-py3-none-any.whl", "azureml-defaults", "1.35.0", ""),
        ("torch-1.9.0+cu111-cp38-cp38-linux_x86_64.whl", "torch", "1.9.0+cu111", ""),
        ("flask @ https://x/flask.tar.gz", "flask", None, "it is installed from a URL"),
        ("git+https://github.com/a/b.git@v1#egg=flask", "flask", None, "it is installed from a URL"),
        ("git+https://x/b#egg=Flask_X&subdirectory=c", "flask-x", None, "it is installed from a URL"),
        ("flask=={bad}", "flask", None, "'=={bad}' is not a version specifier that pip accepts"),
        ("flask>=1.0<2", "flask", None, "'>=1.0<2' is not a version specifier that pip accepts"),
        ("flask==?", "flask", None, "ARG V has no default"),
        ("flask?", "flask", None, "ARG V has no default"),
        ("flask[a]==1.?", "flask", None, "ARG V has no default"),
    ],
)
def test_pip_requirements(text: str, name: str, versions: str | None, unknown: str) -> None:
    assert _shown(pip_spec(_word(text))) == (name, versions, unknown)


@pytest.mark.parametrize(
    "text",
    [
        ".",
        "./flask",
        "/src/app",
        "..",
        "https://x/y.tar.gz",
        "git+https://x/b.git",
        "flask-1.0.tar.gz",
        "a.zip",
        "file:///a",
        "?",
        "?==1.0",
        "",
        "-",
        "flask flask",
        "azureml-?",
        "@x",
    ],
)
def test_what_names_no_package_is_none(text: str) -> None:
    assert pip_spec(_word(text)) is None


@pytest.mark.parametrize(
    ("marker", "applies"),
    [
        ("sys_platform == 'linux'", True),
        ("sys_platform == 'win32'", False),
        ("platform_system == 'Windows'", False),
        ("platform_system != 'Windows'", True),
        ("os_name == 'nt'", False),
        ("platform_machine == 'x86_64'", True),
        ("platform_machine == 'aarch64'", False),
        ("python_version < '3'", True),
        ("sys_platform == 'darwin' and platform_machine == 'arm64'", False),
        ("extra == 'dev'", True),
    ],
)
def test_markers_rule_out_what_is_not_for_linux(marker: str, applies: bool) -> None:
    found = pip_spec(_word(f"flask==2.0; {marker}"))
    assert found is not None
    assert found.applies is applies


@pytest.mark.parametrize(
    ("text", "extras"),
    [("flask", set()), ("flask[a]", {"a"}), ("flask[ A , b-c ]>=1", {"a", "b-c"}), ("flask[]", set())],
)
def test_extras(text: str, extras: set[str]) -> None:
    found = pip_spec(_word(text))
    assert found is not None
    assert found.extras == extras


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("flask==2.0.1", "==2.0.1"),
        ("flask [x] >=1", ">=1"),
        ("https://x/flask-2.0.1-py3-none-any.whl", "2.0.1"),
    ],
)
def test_the_version_of_a_requirement_stands_at_its_place(text: str, part: str) -> None:
    found = pip_spec(_word(text))
    assert found is not None
    assert found.version_part is not None
    assert found.version_part.span is not None
    assert found.version_part.span.text == part


_NAMES = st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,8}[A-Za-z0-9])?", fullmatch=True)
_CLAUSES = st.tuples(
    st.sampled_from(["==", ">=", "<=", "!=", "<", ">"]),
    st.sampled_from(["1", "1.2", "2.0.1", "3.10", "1.0rc1", "0.9.post1"]),
).map("".join)
_EXTRAS = st.lists(st.sampled_from(["a", "b-c", "D"]), max_size=2).map(
    lambda names: f"[{','.join(names)}]" if names else ""
)


@settings(max_examples=300, deadline=None)
@given(
    _NAMES, _EXTRAS, st.lists(_CLAUSES, max_size=3), st.sampled_from(["", " "]), st.sampled_from(["1", "1.2.3", "3.10"])
)
def test_requirements_are_read_as_packaging_reads_them(
    name: str, extras: str, clauses: list[str], blank: str, version: str
) -> None:
    text = f"{name}{extras}{blank}{','.join(clauses)}"
    expected = Requirement(text)
    found = pip_spec(_word(text))
    assert found is not None
    assert found.name == canonicalize_name(expected.name)
    assert found.extras == {extra.lower() for extra in expected.extras}
    if not clauses:
        assert found.versions is None
    else:
        assert found.versions is not None
        assert (version in found.versions) == expected.specifier.contains(version, prereleases=True)


@settings(max_examples=400, deadline=None)
@given(st.text(alphabet="abF1.-_=<>!~[]()@;:/#&?* '\"\\,%é", max_size=30))
def test_no_word_makes_a_specification_fail(text: str) -> None:
    for found in (pip_spec(_word(text)), conda_spec(_word(text))):
        assert found is None or found.name


# --- requirements files --------------------------------------------------------------------------------------------------


REQUIREMENTS = (
    "# the server\r\n"
    "\r\n"
    "azureml-defaults==1.35.0  # pinned\r\n"
    "  flask >= 2.0 ; python_version < '3.9'\r\n"
    "numpy==1.21 \\\r\n"
    "    --hash=sha256:abc \\\r\n"
    "    --hash=sha256:def\r\n"
    "-r base.txt\r\n"
    "-rother.txt\r\n"
    "--requirement=third.txt\r\n"
    "-c limits.txt\r\n"
    "--constraint more.txt\r\n"
    "-e ./app\r\n"
    "--editable=git+https://x/y#egg=z\r\n"
    "--index-url https://x/simple\r\n"
    "--no-binary :all:\r\n"
    "torch==${TORCH}\r\n"
    "https://x/a#egg=b\r\n"
    "pandas==\\\r\n"
    "1.3\r\n"
    "last"
)


def test_the_lines_of_a_requirements_file() -> None:
    found = [
        (line.kind, line.word.value if line.word.known else line.word.reason)
        for line in read_requirements(_mapped(REQUIREMENTS))
    ]
    assert found == [
        ("requirement", "azureml-defaults==1.35.0"),
        ("requirement", "flask >= 2.0 ; python_version < '3.9'"),
        ("requirement", "numpy==1.21"),
        ("include", "base.txt"),
        ("include", "other.txt"),
        ("include", "third.txt"),
        ("constraint", "limits.txt"),
        ("constraint", "more.txt"),
        ("editable", "./app"),
        ("editable", "git+https://x/y#egg=z"),
        ("requirement", "torch==${TORCH} depends on the build's environment"),
        ("requirement", "https://x/a#egg=b"),
        ("requirement", "pandas==1.3"),
        ("requirement", "last"),
    ]


def test_requirements_stand_at_their_places() -> None:
    places = {}
    for line in read_requirements(_mapped(REQUIREMENTS)):
        assert line.word.span is not None
        where = line.word.span.location
        places[line.word.value] = (where.line, where.column)
        if line.word.known and "pandas" not in line.word.value:
            assert line.word.span.text == line.word.value
    assert places["azureml-defaults==1.35.0"] == (3, 1)
    assert places["flask >= 2.0 ; python_version < '3.9'"] == (4, 3)
    assert places["numpy==1.21"] == (5, 1)
    assert places["base.txt"] == (8, 4)
    assert places["last"] == (21, 1)


@pytest.mark.parametrize(
    ("text", "requirements"),
    [
        ("", []),
        ("#only\n # comments\n", []),
        ("\ufeffflask\n", ["flask"]),
        ("flask#1\n", ["flask#1"]),
        ("flask #1\n", ["flask"]),
        ("flask \\\n", ["flask"]),
        ("a\n\\\nb\n", ["a", "b"]),
        ("a --hash=sha256:1\n", ["a"]),
        ("a --config-settings x=y\n", ["a"]),
        ("# a \\\nb\n", ["b"]),
    ],
)
def test_corners_of_requirements_files(text: str, requirements: list[str]) -> None:
    assert [
        line.word.value.strip() for line in read_requirements(_mapped(text)) if line.kind == "requirement"
    ] == requirements


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="ab=1.\n\r\\# -rc'\"${}X[]é\x85\u2028", max_size=60))
def test_no_text_makes_a_requirements_file_fail(text: str) -> None:
    for line in read_requirements(_mapped(text)):
        assert line.word.span is not None
        assert 0 <= line.word.span.start <= line.word.span.end <= len(text)


# --- conda files ---------------------------------------------------------------------------------------------------------


CONDA = """\
# an environment
name: serving
channels: [conda-forge, "defaults"]
dependencies:
  - python=3.8
  - 'numpy>=1.2'
  - "conda-forge::scipy"   # why not
  - &pinned pip=20.1
  - *pinned
  - pip:
      - azureml-defaults==1.35.0
      - 'flask>=1'
      - -r more.txt
"""


def _read(text: str) -> CondaFile:
    return read_conda_file(_mapped(text, "environment.yml"))


def test_a_conda_file() -> None:
    found = _read(CONDA)
    assert found.name == "serving"
    assert [word.value for word in found.channels] == ["conda-forge", "defaults"]
    assert [word.value for word in found.dependencies] == [
        "python=3.8",
        "numpy>=1.2",
        "conda-forge::scipy",
        "pip=20.1",
        "pip=20.1",
    ]
    assert [word.value for word in found.pip] == ["azureml-defaults==1.35.0", "flask>=1", "-r more.txt"]
    assert found.unread == ""


def test_the_values_of_a_conda_file_stand_at_their_places() -> None:
    found = _read(CONDA)
    words = [*found.channels, *found.dependencies, *found.pip]
    for word in words:
        assert word.span is not None
        assert word.span.text == word.value
    places = {word.value: (word.span.location.line, word.span.location.column) for word in words if word.span}
    assert places["python=3.8"] == (5, 5)
    assert places["numpy>=1.2"] == (6, 6)
    assert places["conda-forge::scipy"] == (7, 6)
    assert places["azureml-defaults==1.35.0"] == (11, 9)


@pytest.mark.parametrize("text", [CONDA.replace("\n", "\r\n"), "\ufeff" + CONDA, "# é日😀\n" + CONDA, "---\n" + CONDA])
def test_places_are_exact_in_any_file(text: str) -> None:
    for word in _read(text).dependencies:
        assert word.span is not None
        assert word.span.text == word.value


def test_a_conda_file_may_be_json() -> None:
    text = json.dumps({"dependencies": ["python=3.8", {"pip": ["flask"]}]}, indent=1)
    found = _read(text)
    assert [word.value for word in (*found.dependencies, *found.pip)] == ["python=3.8", "flask"]


@pytest.mark.parametrize(
    ("text", "dependencies", "pip", "unread"),
    [
        ("dependencies:\n", [], [], False),
        ("name: x\n", [], [], False),
        ("dependencies: []\n", [], [], False),
        ("dependencies:\n  - python\n  - pip:\n", ["python"], [], True),
        ("dependencies:\n  - [a]\n", [], [], True),
        ("dependencies:\n  - other: [a]\n", [], [], True),
        ("dependencies:\n  - 3.8\n", ["3.8"], [], False),
        ("dependencies:\n  - a\ndependencies:\n  - b\n", ["b"], [], False),
        ("dependencies:\n  - !!python/object/apply:os.system ['x']\n", [], [], True),
    ],
)
def test_corners_of_conda_files(text: str, dependencies: list[str], pip: list[str], unread: bool) -> None:
    found = _read(text)
    assert [word.value for word in found.dependencies] == dependencies
    assert [word.value for word in found.pip] == pip
    assert bool(found.unread) is unread


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not a conda environment file"),
        ("- a\n", "not a conda environment file"),
        ("just words\n", "not a conda environment file"),
        ("a: [b\nc: d\n", "environment.yml:2:"),
        ("dependencies:\n\t- a\n", "environment.yml:2:1: not valid YAML"),
        ("a: b: c\n", "environment.yml:1:5: not valid YAML"),
        ("a: 'b\n", "not valid YAML"),
        ("dependencies: *nothing\n", "environment.yml:1:15: not valid YAML"),
        ("a: \x01\n", "not valid YAML"),
        ("a: 1\n---\nb: 2\n", "not valid YAML"),
    ],
)
def test_a_broken_conda_file_is_told_in_one_sentence(text: str, message: str) -> None:
    with pytest.raises(CondaFileError) as told:
        _read(text)
    assert message in str(told.value)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(
            "a: &a [x, x, x, x, x, x, x, x, x]\n"
            + "".join(
                f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n"
                for before, name in zip("abcdefgh", "bcdefghi", strict=True)
            )
            + "dependencies: *i\n",
            id="aliases of aliases",
        ),
        pytest.param("dependencies: " + "[" * 5000 + "]" * 5000, id="nesting"),
        pytest.param("dependencies: &a [*a]\n", id="an alias of itself"),
        pytest.param("dependencies:\n" + "- a\n" * 200_000, id="too many"),
        pytest.param("a: " + "x" * (2 << 20), id="too long"),
    ],
)
def test_a_bomb_is_refused_soon(text: str) -> None:
    start = time.perf_counter()
    with pytest.raises(CondaFileError):
        _read(text)
    assert time.perf_counter() - start < 5


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="ab: -\n[]{}'\"&*!|>#é\t,", max_size=60))
def test_no_text_makes_a_conda_file_fail_otherwise(text: str) -> None:
    try:
        found = _read("dependencies:\n" + text)
    except CondaFileError:
        return
    for word in (*found.dependencies, *found.pip):
        assert word.span is None or word.span.end <= len(text) + len("dependencies:\n")


# --- lock files ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_packages_of_a_lock_file(end: str) -> None:
    text = end.join(
        [
            'version = "1"',
            "",
            "[[package]]",
            'name = "azureml-defaults"',
            'version = "1.35.0"',
            'description = "x"',
            "",
            "[[package]]",
            'name = "Flask"',
            'version = "2.0.1"',
            'source = { registry = "https://x" }',
            "",
            "[[package]]",
            'name = "app"',
            'source = { virtual = "." }',
            "",
            "[metadata]",
            'name = "z"',
            'version = "9"',
            "",
        ]
    )
    found = list(locked_packages(_mapped(text)))
    assert [word.value for word in found] == ["azureml-defaults==1.35.0", "Flask==2.0.1"]
    version = found[1].slice(len("Flask=="), len("Flask==2.0.1"))
    assert version.span is not None
    assert (version.span.text, version.span.location.line) == ("2.0.1", 10)


# --- image references ----------------------------------------------------------------------------------------------------


DIGEST = "sha256:" + "0" * 64


@pytest.mark.parametrize(
    ("text", "registry", "path", "tag", "digest"),
    [
        ("ubuntu", "docker.io", "library/ubuntu", "", ""),
        ("ubuntu:18.04", "docker.io", "library/ubuntu", "18.04", ""),
        ("docker.io/ubuntu", "docker.io", "library/ubuntu", "", ""),
        ("docker.io/library/ubuntu", "docker.io", "library/ubuntu", "", ""),
        ("index.docker.io/library/ubuntu", "docker.io", "library/ubuntu", "", ""),
        ("nvidia/cuda:10.1-base", "docker.io", "nvidia/cuda", "10.1-base", ""),
        ("mcr.microsoft.com/azureml/base:latest", "mcr.microsoft.com", "azureml/base", "latest", ""),
        ("localhost/x", "localhost", "x", "", ""),
        ("localhost:5000/x/y:1", "localhost:5000", "x/y", "1", ""),
        ("host:5000/x", "host:5000", "x", "", ""),
        ("a.b/c", "a.b", "c", "", ""),
        ("A/b", "A", "b", "", ""),
        (f"ubuntu@{DIGEST}", "docker.io", "library/ubuntu", "", DIGEST),
        (f"ubuntu:18.04@{DIGEST}", "docker.io", "library/ubuntu", "18.04", DIGEST),
        ("a_b/c--d/e.f", "docker.io", "a_b/c--d/e.f", "", ""),
    ],
)
def test_references_are_normalised(text: str, registry: str, path: str, tag: str, digest: str) -> None:
    found = parse_reference(text)
    assert found == Reference(registry, path, tag, digest)
    assert found.repository == f"{registry}/{path}"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Ubuntu",
        "ubuntu:",
        ":18.04",
        "ubuntu:-x",
        "a b",
        "ubuntu@",
        "ubuntu@sha256:12",
        "a//b",
        "/a",
        "a/",
        "a..b",
        "ubuntu:a:b",
        "https://ubuntu",
        "ubuntu:" + "x" * 129,
        "docker.io/Ubuntu",
        "-a",
        "a___b",
    ],
)
def test_what_is_no_reference_is_none(text: str) -> None:
    assert parse_reference(text) is None


@pytest.mark.parametrize(
    ("text", "empty"), [("scratch", True), ("scratch:latest", False), ("x.io/scratch", False), ("a", False)]
)
def test_scratch_is_the_empty_image(text: str, empty: bool) -> None:
    found = parse_reference(text)
    assert found is not None
    assert found.is_scratch is empty
