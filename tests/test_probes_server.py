"""Probe of the inference server: what its packages' files tell, what they leave open, and what a child process says.

The last part asks real installations and takes the real import as the oracle.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from amlcheck.catalog import catalog
from amlcheck.image.config import ImageConfig
from amlcheck.image.image import Image
from amlcheck.image.rootfs import RootfsTree
from amlcheck.model import Fact
from needed import lacking
from probing_support import asked, fact, told, unknown
from test_probes_python import CONDA_PATH, conda, official, wheel
from tree_of_dict import Content, FakeHost, Result, Unreadable, bare_root, image_of

SITE = "/usr/local/lib/python3.11/site-packages"
HTTP = "azureml_inference_server_http"


def server(site: str = SITE, version: str = "1.5.1") -> dict[str, Content]:
    """The server and the packages that it cannot do without, as pip installs them."""
    return {
        **wheel(
            site,
            HTTP,
            version,
            "flask~=3.1.0",
            "gunicorn>=23.0.0",
            "inference-schema",
            "waitress; platform_system == 'Windows'",
            module=HTTP,
        ),
        **wheel(
            site,
            "flask",
            "3.1.3",
            "Werkzeug>=3.1",
            "Jinja2>=3.1.2",
            "itsdangerous>=2.2",
            "click>=8.1.3",
            "asgiref; extra == 'async'",
            module="flask",
        ),
        **wheel(site, "werkzeug", "3.1.9", "MarkupSafe>=2.1.1", module="werkzeug"),
        **wheel(site, "jinja2", "3.1.6", "MarkupSafe>=2.0", module="jinja2"),
        **wheel(site, "MarkupSafe", "3.0.4", module="markupsafe"),
        **wheel(site, "itsdangerous", "2.2.0", module="itsdangerous"),
        **wheel(site, "click", "8.1.8", 'colorama; platform_system == "Windows"', module="click"),
        **wheel(site, "gunicorn", "23.0.0", "packaging", module="gunicorn"),
        **wheel(site, "packaging", "24.0", module="packaging"),
        **wheel(site, "inference_schema", "1.8", module="inference_schema"),
    }


def flask_generation(site: str, jinja: str = "3.0.3", itsdangerous: str = "2.0.1") -> dict[str, Content]:
    return {
        **wheel(site, "azureml_defaults", "1.13.0", "flask==1.0.3", "gunicorn==19.9.0", "werkzeug==0.16.1"),
        **wheel(
            site, "Flask", "1.0.3", "Werkzeug>=0.14", "Jinja2>=2.10", "itsdangerous>=0.24", "click>=5.1", module="flask"
        ),
        **wheel(site, "Werkzeug", "0.16.1", module="werkzeug"),
        **wheel(site, "Jinja2", jinja, "MarkupSafe>=2.0", module="jinja2"),
        **wheel(site, "MarkupSafe", "2.0.1", module="markupsafe"),
        **wheel(site, "itsdangerous", itsdangerous, module="itsdangerous"),
        **wheel(site, "click", "8.1.8", module="click"),
        **wheel(site, "gunicorn", "19.9.0", module="gunicorn"),
        **wheel(site, "setuptools", "56.0.0", module="pkg_resources"),
    }


def less(files: Mapping[str, Content], *parts: str) -> dict[str, Content]:
    return {path: item for path, item in files.items() if not any(part in path for part in parts)}


# --- decided by files ------------------------------------------------------------------------------------------------


def test_all_that_it_needs_is_there() -> None:
    image = image_of({**official(), **server()})
    testimony = fact("inference-server", image)
    assert testimony.value.text == "azureml-inference-server-http 1.5.1"
    assert [item.place.rsplit("/", 2)[1] for item in testimony.evidence] == [
        f"{HTTP}-1.5.1.dist-info",
        "flask-3.1.3.dist-info",
        "gunicorn-23.0.0.dist-info",
    ]
    assert image.host.asked == []


@pytest.mark.parametrize(
    ("gone", "reason"),
    [
        (("/flask",), "needs flask, which is not installed"),
        (("/gunicorn",), "needs gunicorn, which is not installed"),
        (("/markupsafe", "/MarkupSafe"), "needs markupsafe, which is not installed"),
        (("/flask/__init__",), "flask is installed, and its module flask is not there"),
        ((f"/{HTTP}/",), f"and its module {HTTP} is not there"),
        ((f"/{HTTP}/server",), f"its module {HTTP}.server.create_app is not there"),
        (("/gunicorn/app",), "its module gunicorn.app.wsgiapp is not there"),
    ],
)
def test_what_surely_breaks_it(gone: tuple[str, ...], reason: str) -> None:
    testimony = fact("inference-server", image_of({**official(), **less(server(), *gone)}))
    assert not testimony.value.present
    assert testimony.final
    assert reason in testimony.note


@pytest.mark.parametrize(
    ("jinja", "itsdangerous", "expected"),
    [("3.0.3", "2.0.1", "flask"), ("3.1.6", "2.0.1", "absent"), ("3.0.3", "2.2.0", "absent")],
)
def test_the_flask_generation_and_its_traps(jinja: str, itsdangerous: str, expected: str) -> None:
    site = "/opt/conda/lib/python3.8/site-packages"
    files = {**conda("/opt/conda", python="3.8.5"), **flask_generation(site, jinja, itsdangerous)}
    image = image_of(files, path=CONDA_PATH)
    assert told("inference-server", image) == expected
    if expected == "absent":
        assert "cannot be imported with" in fact("inference-server", image).note


def test_gunicorn_of_that_generation_needs_pkg_resources() -> None:
    site = "/opt/conda/lib/python3.8/site-packages"
    files = {**conda("/opt/conda", python="3.8.5"), **less(flask_generation(site), "/pkg_resources")}
    assert "needs pkg_resources" in fact("inference-server", image_of(files, path=CONDA_PATH)).note
    perhaps = {**files, f"{site}/more.pth": "/opt/more"}
    assert "unless more.pth" in unknown("inference-server", image_of(perhaps, path=CONDA_PATH)).reason


def test_defaults_that_bring_no_server() -> None:
    testimony = fact("inference-server", image_of({**official(), **wheel(SITE, "azureml_defaults", "1.0.45")}))
    assert not testimony.value.present
    assert testimony.note == "azureml-defaults 1.0.45 brings no web server: it cannot serve"
    missing = fact("inference-server", image_of({**official(), **wheel(SITE, "azureml_defaults", "1.62.0")}))
    assert missing.note.endswith("needs azureml-inference-server-http, which is not installed")


def test_defaults_of_an_unknown_release() -> None:
    image = image_of({**official(), **wheel(SITE, "azureml_defaults", "9.0")})
    assert "is not known" in unknown("inference-server", image).reason


def test_nothing_and_elsewhere() -> None:
    assert told("inference-server", image_of(official())) == "absent"
    aside = image_of({**official(), **server("/opt/venv/lib/python3.11/site-packages")})
    assert "is installed in /opt/venv" in unknown("inference-server", aside).reason


def test_a_root_file_system() -> None:
    assert told("inference-server", bare_root({**official(), **server()})) == "azureml-inference-server-http 1.5.1"


# --- left open by files ----------------------------------------------------------------------------------------------

OPEN: list[tuple[dict[str, Content], str]] = [
    (less(server(), "/packaging"), "gunicorn needs packaging, which is not installed"),
    ({**less(server(), "/click"), **wheel(SITE, "click", "7.0", module="click")}, "flask needs click >=8.1.3, and 7.0"),
    ({**server(), f"{SITE}/flask-3.1.3.dist-info/METADATA": Unreadable()}, "the layer is damaged"),
    ({**less(server(), "/flask/"), f"{SITE}/editable.pth": "/src"}, "unless editable.pth leads to it"),
    (
        {**server(), f"{SITE}/click-8.1.8.dist-info/METADATA": "Version: 8.1.8\nRequires-Python: >=3.12\n\n"},
        "asks for Python >=3.12",
    ),
    (
        {**server(), f"{SITE}/click-8.1.8.dist-info/METADATA": "Version: 8.1.8\nRequires-Dist: $(x) ;;\n\n"},
        "cannot be read",
    ),
    ({**server(), f"{SITE}/click-8.1.8.dist-info/METADATA": "Version: $(x)\n\n"}, "flask needs click"),
]


@pytest.mark.parametrize(("files", "reason"), OPEN)
def test_what_files_leave_open_is_not_guessed(files: dict[str, Content], reason: str) -> None:
    testimony = unknown("inference-server", image_of({**official(), **files}))
    assert reason in testimony.reason
    assert "nothing can be run in an archive" in testimony.reason


class Child(FakeHost):
    """Answers whatever is asked."""

    def __init__(self, result: Result) -> None:
        super().__init__({})
        self.result = result

    def run(self, command: str, *arguments: str) -> Result:
        super().run(command, *arguments)
        return self.result


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (Result(0), "azureml-inference-server-http 1.5.1"),
        (Result(1, "", "Traceback\nModuleNotFoundError: No module named 'packaging'"), "absent"),
        (Result(124), "?"),
        (Result(127, "", "python: not found"), "?"),
        (Result(1), "?"),
    ],
)
def test_a_child_process_decides(result: Result, expected: str) -> None:
    made = image_of({**official(), **OPEN[0][0]})
    child: Any = Child(result)
    image = Image(made.name, made.files, made.config, child, made.source)
    assert told("inference-server", image) == expected
    assert "import azureml_inference_server_http.server.create_app" in child.asked[0]


def test_a_circle_of_requirements_ends() -> None:
    circle = {
        **server(),
        **wheel(SITE, "packaging", "24.0", "loop", module="packaging"),
        **wheel(SITE, "loop", "1", "packaging[x]", "loop[y]", "gunicorn"),
    }
    assert told("inference-server", image_of({**official(), **circle})) == "azureml-inference-server-http 1.5.1"
    chain: dict[str, Content] = {}
    for number in range(600):
        chain |= wheel(SITE, f"p{number}", "1", f"p{number + 1}")
    endless = {**server(), **chain, **wheel(SITE, "packaging", "24.0", "p0", module="packaging")}
    assert "more than" in unknown("inference-server", image_of({**official(), **endless})).reason


# --- against real installations --------------------------------------------------------------------------------------

REAL = "azureml-inference-server-http==1.5.1"
REMOVED = (
    "flask",
    "flask-cors",
    "jinja2",
    "markupsafe",
    "click",
    "pydantic",
    "psutil",
    "requests",
    "msal-extensions",
    "pytz",
)


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root with a virtual environment, its Python copied into it, and the real server; skipped where pip cannot get it."""
    root = tmp_path_factory.mktemp("root").resolve()
    environment = root / "opt/venv"
    subprocess.run([sys.executable, "-m", "venv", "--copies", str(environment)], check=True, timeout=120)
    command = [str(environment / "bin/python"), "-m", "pip", "install", "-q", "--disable-pip-version-check", REAL]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    if done.returncode != 0:
        lacking(f"pip cannot install {REAL}: {done.stderr.strip()[-200:]}")
    return root


class RealChild:
    """Runs what the probe asks for with the installation's own Python."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def run(self, command: str, *arguments: str) -> Result:
        assert command == "timeout %s %s -B -c %s"
        words = [str(self.root) + arguments[1], "-B", "-c", arguments[2]]
        done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)
        return Result(done.returncode, done.stdout, done.stderr)


def real_image(root: Path, runs: bool) -> Image:
    host: Any = RealChild(root) if runs else FakeHost(None)
    config = ImageConfig(env={"PATH": "/opt/venv/bin"}, os="linux", architecture="amd64")
    return Image("real", RootfsTree(root), config, host, "rootfs")


def imports(root: Path) -> bool:
    """The oracle: what the server imports when it starts."""
    known = next(item for item in catalog().knowledge.servers if "1.5.1" in item.versions)
    words = [str(root / "opt/venv/bin/python"), "-B", "-c", f"import {', '.join(known.imports)}"]
    return subprocess.run(words, capture_output=True, timeout=120, check=False).returncode == 0


def files_of(root: Path, name: str) -> list[Path]:
    """The files that pip installed for a package, without what it compiled."""
    site = next((root / "opt/venv/lib").glob("python3*/site-packages"))
    (info,) = [item for item in site.glob("*.dist-info") if item.name.lower().replace("_", "-").startswith(f"{name}-")][
        :1
    ]
    listed = (line.partition(",")[0] for line in (info / "RECORD").read_text().splitlines())
    return [site / item for item in listed if not item.startswith("..") and (site / item).is_file()]


def test_the_real_server_is_met_from_its_files(installation: Path) -> None:
    assert imports(installation)
    image = real_image(installation, runs=False)
    assert told("inference-server", image) == "azureml-inference-server-http 1.5.1"


@pytest.mark.parametrize("name", REMOVED)
def test_files_and_child_agree_with_the_real_import(installation: Path, name: str) -> None:
    """Each package taken away in turn: files alone never contradict the import, and with a child process they tell it."""
    moved = []
    try:
        for path in files_of(installation, name):
            aside = path.with_name(path.name + ".aside")
            path.rename(aside)
            moved.append((aside, path))
        works = imports(installation)
        by_files = asked("inference-server", real_image(installation, runs=False)).testimony
        whole = asked("inference-server", real_image(installation, runs=True)).testimony
    finally:
        for aside, path in moved:
            aside.rename(path)
    assert not isinstance(by_files, Fact) or by_files.value.present is works
    assert isinstance(whole, Fact), whole
    assert whole.value.present is works


def test_an_older_part_is_not_taken_for_a_break(installation: Path) -> None:
    """A version that the metadata does not allow may work all the same: only the import tells."""
    (metadata,) = [path for path in files_of(installation, "click") if path.name == "METADATA"]
    text = metadata.read_text()
    metadata.write_text(text.replace("\nVersion: 8", "\nVersion: 7", 1))
    try:
        assert "flask needs click" in unknown("inference-server", real_image(installation, runs=False)).reason
        assert told("inference-server", real_image(installation, runs=True)) == "azureml-inference-server-http 1.5.1"
    finally:
        metadata.write_text(text)
