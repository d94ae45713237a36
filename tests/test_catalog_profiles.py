"""The catalogue, the profiles and flavours, and the data files: what they refuse, and that what is shipped is sound."""

from __future__ import annotations

import re
import shutil
import string
from collections import Counter
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from amlcheck.catalog import Catalog
from amlcheck.data_files import read_toml
from amlcheck.errors import AmlcheckError, ConfigError
from amlcheck.model import COMPONENTS, Severity, Value, When, parse_value
from amlcheck.profiles import Profile, load_profile, with_flavour, with_requirements
from amlcheck.reference import parse_reference
from amlcheck.versions import from_specifiers
from support import ROOT

RULES = ROOT / "rules"
REQUIREMENT = '"""{title}\n\n## Why\n\nSo.\n"""\n\nID = "{identifier}"\n\n\ndef testify(image):\n    return None\n'
FINDING = REQUIREMENT.replace("def testify", "def check")


# --- the catalogue ---------------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the shipped rules, to be spoilt."""
    copied = tmp_path / "rules"
    shutil.copytree(RULES, copied, ignore=shutil.ignore_patterns("__pycache__"))
    return copied


def refusal(folder: Path) -> str:
    """The one sentence with which a folder of rules is refused."""
    with pytest.raises(ConfigError) as caught:
        _ = Catalog(folder).rules
    message = str(caught.value)
    assert "\n" not in message
    assert str(folder) in message
    return message


def test_shipped_rules_load(known: Catalog) -> None:
    assert len(known.rules) >= 28
    assert set(known.requirements) == set(COMPONENTS)
    assert [rule.id for rule in known.rules] == sorted({rule.id for rule in known.rules})
    for rule in known.rules:
        assert [rule.testify is not None, rule.check is not None, rule.live].count(True) == 1
        assert known.rule(rule.id.lower()) is rule
        assert known.rule(rule.name.upper()) is rule


def test_no_rules(tmp_path: Path) -> None:
    assert "no rules here" in refusal(tmp_path)


def test_two_rules_with_one_id(folder: Path) -> None:
    (folder / "another.py").write_text(FINDING.format(title="Another", identifier="AML301"))
    assert "two rules have the id AML301" in refusal(folder)


def test_a_component_without_a_rule(folder: Path) -> None:
    (folder / "conda.py").unlink()
    assert "each component needs one rule; wrong: conda" in refusal(folder)


def test_a_rule_without_a_component(folder: Path) -> None:
    (folder / "tensorflow.py").write_text(REQUIREMENT.format(title="TensorFlow", identifier="AML190"))
    assert "wrong: tensorflow" in refusal(folder)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("def check(:\n", "cannot be loaded: SyntaxError"),
        ("import there_is_no_such_module\n", "cannot be loaded: ModuleNotFoundError"),
        ("raise SystemError('no')\n", "cannot be loaded: SystemError: no"),
        ("", "a rule needs an ID"),
        (FINDING.format(title="Wrong ID", identifier="X1"), "a rule needs an ID"),
        (FINDING.format(title="Long ID", identifier="AML3010"), "a rule needs an ID"),
        ('ID = "AML399"\n\n\ndef check(image):\n    return []\n', "a page"),
        ('"""Neither"""\n\nID = "AML399"\n', "either testify, check or LIVE"),
        (
            FINDING.format(title="Both", identifier="AML399") + "\n\ndef testify(image):\n    return None\n",
            "either testify, check or LIVE",
        ),
    ],
    ids=["syntax", "import", "crash", "empty", "wrong-id", "long-id", "no-page", "neither", "both"],
)
def test_broken_rule_file(folder: Path, text: str, says: str) -> None:
    (folder / "zebra.py").write_text(text)
    message = refusal(folder)
    assert "zebra.py" in message
    assert says in message


def test_files_that_are_no_rules_are_left_alone(folder: Path, known: Catalog) -> None:
    (folder / "_helper.py").write_text("raise RuntimeError\n")
    (folder / "notes.txt").write_text("no rule\n")
    assert [rule.id for rule in Catalog(folder).rules] == [rule.id for rule in known.rules]


# --- profiles --------------------------------------------------------------------------------------------------------

TABLE = {
    "intelmpi-cpu": {"conda": "4.5.11", "mpi": "intelmpi 2018.3.222", "git": "2.7.4"},
    "openmpi-cpu": {"conda": "4.5.11", "mpi": "openmpi 3.1.2", "git": "2.7.4"},
    "intelmpi-gpu": {
        "conda": "4.5.11",
        "mpi": "intelmpi 2018.3.222",
        "cuda": "9.0 | 10.0",
        "cudnn": "7.4 | 7.5",
        "nccl": "2.4",
        "git": "2.7.4",
    },
    "openmpi-gpu": {
        "conda": "4.5.11",
        "mpi": "openmpi 3.1.2",
        "cuda": "9.0 | 10.0 | 10.1",
        "cudnn": "7.4 | 7.5",
        "nccl": "2.4",
        "git": "2.7.4",
    },
}
"""docs/azureml-facts.md, section 1, the flavour table."""

PROFILES = {
    "azureml-2020-03": {"ubuntu": ">=16.04", "conda": ">=4.5", "python": "3.5 | 3.6", "azureml-defaults": ">=1.0.45"},
    "azureml-2020-09": {"ubuntu": ">=16.04", "conda": ">=4.5", "python": ">=3.5", "azureml-defaults": ">=1.0.45"},
    "azureml-2021-04": {"ubuntu": ">=16.04", "conda": ">=4.5", "python": ">=3.6", "azureml-defaults": ">=1.0.45"},
    "azureml-v2": {"inference-server": "present"},
}
"""The same section's table of profiles."""


def test_built_in_names(known: Catalog) -> None:
    assert known.profile_names() == sorted(PROFILES)
    assert known.flavour_names() == sorted(TABLE)


@pytest.mark.parametrize("name", PROFILES)
def test_built_in_profile(name: str, known: Catalog) -> None:
    profile = load_profile(known, name)
    assert profile.title
    assert date.fromisoformat(profile.date)
    assert profile.document
    assert {key: profile.requires[key].expected for key in PROFILES[name]} == PROFILES[name]
    for requirement in profile.requires.values():
        assert requirement.source
        assert requirement.asked_by
        assert requirement.severity is Severity.ERROR
    datasets = {key for key, ask in profile.requires.items() if ask.when is When.DATASETS}
    assert datasets == (set() if name == "azureml-2020-03" else {"libfuse"})
    for server in {"azureml-defaults", "inference-server"} & set(profile.requires):
        assert profile.requires[server].absent_is_undecided
    assert not any(
        profile.requires[key].absent_is_undecided for key in {"ubuntu", "conda", "python"} & set(profile.requires)
    )


def test_v2_asks_no_minimum(known: Catalog) -> None:
    profile = load_profile(known, "azureml-v2")
    assert set(profile.requires) == {"inference-server", "libfuse"}
    assert profile.rules["AML305"] is Severity.ERROR


@pytest.mark.parametrize("name", TABLE)
def test_flavour_table(name: str, known: Catalog) -> None:
    laid = with_flavour(known, Profile("empty"), name)
    asked = {key: ask.expected for key, ask in laid.requires.items() if ask.when is not When.NEVER}
    assert asked == TABLE[name]
    for requirement in laid.requires.values():
        assert requirement.source
    never = {key for key, ask in laid.requires.items() if ask.when is When.NEVER}
    assert never == (set() if name.endswith("gpu") else {"cuda", "cudnn", "nccl"})


@pytest.mark.parametrize("name", TABLE)
@pytest.mark.parametrize(
    ("component", "value", "openmpi", "intelmpi"),
    [
        ("conda", "4.5.11", True, True),
        ("conda", "4.5.12", False, False),
        ("conda", "4.7", False, False),
        ("mpi", "openmpi 3.1.2", True, False),
        ("mpi", "intelmpi 2018.3.222", False, True),
        ("mpi", "openmpi 3.1.3", False, False),
        ("mpi", "openmpi", None, False),
        ("git", "2.7.4", True, True),
        ("git", "2.7.5", False, False),
        ("git", ">=2.7", None, None),
    ],
)
def test_flavour_accepts(
    name: str, component: str, value: str, openmpi: bool | None, intelmpi: bool | None, known: Catalog
) -> None:
    requirement = with_flavour(known, Profile("empty"), name).requires[component]
    assert requirement.compare(parse_value(value)) is (openmpi if name.startswith("openmpi") else intelmpi)


@pytest.mark.parametrize(
    ("value", "openmpi", "intelmpi"),
    [("9.0", True, True), ("10.0.130", True, True), ("10.1", True, False), ("10.2", False, False), ("9", None, None)],
)
def test_flavour_accepts_cuda(value: str, openmpi: bool | None, intelmpi: bool | None, known: Catalog) -> None:
    for name, accepted in (("openmpi-gpu", openmpi), ("intelmpi-gpu", intelmpi)):
        requirement = with_flavour(known, Profile("empty"), name).requires["cuda"]
        assert requirement.compare(parse_value(value)) is accepted


def test_flavour_over_a_profile_keeps_what_it_says_nothing_of(known: Catalog) -> None:
    profile = with_flavour(known, load_profile(known, "azureml-2021-04"), "openmpi-cpu")
    assert profile.requires["conda"].expected == "4.5.11"
    assert profile.requires["python"].expected == ">=3.6"
    assert profile.name == "azureml-2021-04"


Write = Callable[[str], str]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a profile of the user's and returns its path."""

    def put(text: str) -> str:
        path = tmp_path / "ours.toml"
        path.write_text(text)
        return str(path)

    return put


def test_own_profile_extends_a_built_in_one(write: Write, known: Catalog) -> None:
    name = write(
        'title = "Ours"\nextends = "azureml-2021-04"\n[requires.python]\naccepts = ">=3.8"\nsource = "our rule 7"\n'
        '[requires.git]\n[requires.ubuntu]\nseverity = "warning"\n[rules]\nAML205 = "error"\nunpinned-versions = "off"\n'
    )
    profile = load_profile(known, name)
    assert (profile.name, profile.title, profile.document != "") == ("ours", "Ours", True)
    assert (profile.requires["python"].expected, profile.requires["python"].source) == (">=3.8", "our rule 7")
    assert (profile.requires["git"].expected, profile.requires["git"].asked_by) == ("present", "ours")
    assert (profile.requires["ubuntu"].expected, profile.requires["ubuntu"].severity) == (">=16.04", Severity.WARNING)
    assert profile.requires["libfuse"].when is When.DATASETS
    assert profile.requires["azureml-defaults"].absent_is_undecided
    assert profile.rules == {"AML305": None, "AML205": Severity.ERROR, "AML302": None}


def test_own_profile_extends_another_file_beside_it(tmp_path: Path, known: Catalog) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "base.toml").write_text('[requires.conda]\naccepts = ">=4.9"\n')
    (tmp_path / "team.toml").write_text('extends = "sub/base.toml"\n[requires.python]\naccepts = "3.9"\n')
    profile = load_profile(known, str(tmp_path / "team.toml"))
    assert {key: ask.expected for key, ask in profile.requires.items()} == {"conda": ">=4.9", "python": "3.9"}


def test_own_flavour(write: Write, known: Catalog) -> None:
    name = write('[requires.mpi]\naccepts = "openmpi ==4.1.*"\n[requires.cuda]\naccepts = ">=12,<13"\nwhen = "gpu"\n')
    profile = with_flavour(known, load_profile(known, "azureml-v2"), name)
    assert profile.requires["mpi"].compare(parse_value("openmpi 4.1.8")) is True
    assert profile.requires["cuda"].when is When.GPU


def test_a_requirement_switched_off(write: Write, known: Catalog) -> None:
    profile = load_profile(known, write('extends = "azureml-2021-04"\n[requires.conda]\nseverity = "off"\n'))
    assert profile.requires["conda"].when is When.NEVER


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("require = 1\n", "unknown key 'require'; did you mean 'requires'?"),
        ("colour = 1\n", "unknown key 'colour'; known are "),
        ('[requires.pyton]\naccepts = ">=3.6"\n', "'pyton' is no requirement; did you mean python?"),
        ("[requires.tensorflow]\n", "'tensorflow' is no requirement; it is one of ubuntu, "),
        ('[requires.python]\naccept = ">=3.6"\n', "unknown key 'accept'; did you mean 'accepts'?"),
        ('[requires.python]\naccepts = "three"\n[requires.conda]\naccepts = ">>4"\n', "[requires.conda]: "),
        ('[requires.python]\naccepts = ""\n', "[requires.python]: it accepts nothing"),
        ('[requires.python]\naccepts = ">=3.6 |"\n', "[requires.python]: it accepts nothing"),
        ('[requires.python]\nwhen = "sometimes"\n', "[requires.python]: when is 'sometimes'; it is one of"),
        ('[requires.python]\nseverity = "fatal"\n', "'fatal' is no severity; it is error, warning, info or off"),
        ('[requires.python]\nabsent = "fine"\n', 'it must be "undecided" or "violated"'),
        ('[requires]\npython = ">=3.6"\n', "[requires.python] must be a table with `accepts`"),
        ('[rules]\nAML999 = "off"\n', "there is no rule 'AML999'; `amlcheck rules` lists them"),
        ('[rules]\nAML301 = "loud"\n', "[rules] AML301: 'loud' is no severity"),
        ('extends = "azureml-2021-05"\n', "no profile 'azureml-2021-05'; did you mean azureml-2021-04?"),
        ('extends = "ours.toml"\n', "extend each other in a circle"),
        ('extends = "missing.toml"\n', "missing.toml: cannot be read: No such file or directory"),
        ("requires = [\n", "not valid TOML"),
    ],
)
def test_own_profile_that_is_wrong(text: str, says: str, write: Write, known: Catalog) -> None:
    name = write(text)
    with pytest.raises(ConfigError) as caught:
        load_profile(known, name)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_circle_of_two(tmp_path: Path, known: Catalog) -> None:
    (tmp_path / "a.toml").write_text('extends = "b.toml"\n')
    (tmp_path / "b.toml").write_text('extends = "a.toml"\n')
    with pytest.raises(ConfigError, match="circle"):
        load_profile(known, str(tmp_path / "a.toml"))


@pytest.mark.parametrize(
    ("name", "says"),
    [("azureml-2021-40", "did you mean azureml-2021-04?"), ("strict", "there are azureml-2020-03, ")],
)
def test_profile_that_does_not_exist(name: str, says: str, known: Catalog) -> None:
    with pytest.raises(ConfigError) as caught:
        load_profile(known, name)
    assert says in str(caught.value)


def test_flavour_that_does_not_exist(known: Catalog) -> None:
    with pytest.raises(ConfigError, match=r"no flavour 'openmpi-gpus'; did you mean openmpi-gpu\?"):
        with_flavour(known, Profile("empty"), "openmpi-gpus")


@pytest.mark.parametrize(
    ("spec", "component", "expected", "met", "violated", "undecided"),
    [
        ("python>=3.9", "python", ">=3.9", "3.9", "3.8", ">=3.8"),
        (" python >= 3.9 ", "python", ">= 3.9", "3.10.4", "3.8", "present"),
        ("cuda==11.8.*", "cuda", "==11.8.*", "11.8", "11.7", "11"),
        ("git", "git", "present", "present", "absent", None),
        ("mpi=openmpi", "mpi", "openmpi", "openmpi 1", "mpich 3", "present"),
        ("mpi=openmpi ==4.1.*", "mpi", "openmpi ==4.1.*", "openmpi 4.1.8", "openmpi 4.0", "openmpi"),
        ("mpi=openmpi >=4 | mpich", "mpi", "openmpi >=4 | mpich", "mpich 3", "openmpi 3", "openmpi"),
        ("ubuntu=20.04 | 22.04", "ubuntu", "20.04 | 22.04", "22.04", "18.04", ">=20.04"),
        ("azureml-defaults>=1.36,<2", "azureml-defaults", ">=1.36,<2", "1.36", "2.0", ">=1.36"),
    ],
)
def test_require(spec: str, component: str, expected: str, met: str, violated: str, undecided: str | None) -> None:
    requirement = with_requirements(Profile("empty"), [spec]).requires[component]
    assert (requirement.expected, requirement.asked_by, requirement.source) == (expected, "--require", "--require")
    assert requirement.compare(parse_value(met)) is True
    assert requirement.compare(parse_value(violated)) is False
    if undecided is not None:
        assert requirement.compare(parse_value(undecided)) is None


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("pyhton>=3.9", "'pyhton' is no requirement; did you mean python?"),
        ("torch", "'torch' is no requirement; it is one of "),
        ("", "is no requirement"),
        (">=3.9", "is no requirement"),
        ("python>=", "write it as 'python>=3.9' or 'mpi=openmpi ==4.1.*'"),
        ("python=>3.9", "write it as 'python>=3.9'"),
        ("python~3.9", "write it as 'python>=3.9'"),
        ("python|", "accepts nothing"),
    ],
)
def test_require_that_is_wrong(spec: str, says: str) -> None:
    with pytest.raises(AmlcheckError) as caught:
        with_requirements(Profile("empty"), [spec])
    assert str(caught.value).startswith("--require ")
    assert says in str(caught.value)


def test_the_last_require_wins() -> None:
    assert with_requirements(Profile("empty"), ["python>=3.9", "python>=3.10"]).requires["python"].expected == ">=3.10"


# --- data files ------------------------------------------------------------------------------------------------------

IMAGES: list[dict[str, Any]] = read_toml(RULES / "base_images.toml")["image"]
SETS: dict[str, dict[str, str]] = read_toml(RULES / "base_images.toml")["sets"]
IMAGE_KEYS = {
    "repository",
    "repositories",
    "tag",
    "sets",
    "provides",
    "env",
    "prefixes",
    "user",
    "deprecated",
    "source",
}
_PLACE = re.compile(r"\{(\w+)(?:\|(\w+))?\}")


def test_sets_of_base_images() -> None:
    for name, values in SETS.items():
        assert values, name
        assert set(values) <= set(COMPONENTS), name
        for text in values.values():
            assert isinstance(parse_value(text), Value)
    used = {name for image in IMAGES for name in image.get("sets", ())}
    assert used == set(SETS)


@pytest.mark.parametrize("number", range(len(IMAGES)))
def test_base_image(number: int) -> None:
    image = IMAGES[number]
    assert set(image) <= IMAGE_KEYS
    assert image["source"].strip()
    assert ("repository" in image) != ("repositories" in image)
    groups: set[str] = set()
    for key in ("repository", "tag"):
        groups |= set(re.compile(image.get(key, "")).groupindex)
    for name in image.get("repositories", ()):
        reference = parse_reference(name)
        assert reference is not None
        assert reference.is_scratch or reference.repository == name
    assert set(image.get("sets", ())) <= set(SETS)
    assert set(image.get("provides", ())) <= set(COMPONENTS)
    assert set(image.get("prefixes", ())) <= {"conda", "python"}
    for prefix in image.get("prefixes", {}).values():
        assert prefix.startswith("/")
        assert not prefix.endswith("/")
    for text in [*image.get("provides", {}).values(), *image.get("env", {}).values()]:
        assert {name for name, _ in _PLACE.findall(text)} <= groups, text
        assert {how for _, how in _PLACE.findall(text)} <= {"", "codename", "dotted", "dotted2"}, text
        assert not set("{}") & set(_PLACE.sub("", text)), text
    for component, text in image.get("provides", {}).items():
        filled = _PLACE.sub(_sample, text)
        if filled != "unknown":
            value = parse_value(filled)
            assert value.family == "" or component in ("ubuntu", "mpi", "inference-server"), text


def _sample(match: re.Match[str]) -> str:
    """What a template might be filled with: a system's or MPI's name before a blank, else a version."""
    before_a_blank = match.start() == 0 and match.string[match.end() :].startswith(" ")
    return "debian 11" if match[2] == "codename" else "openmpi" if before_a_blank else "10"


def test_every_codename_of_a_tag_is_a_release(known: Catalog) -> None:
    """`{v|codename}` of a codename that nobody knows would silently leave the system open."""
    named = re.compile(r"\(\?P<(\w+)>((?:[a-z]+\|)*[a-z]+)\)")
    for image in IMAGES:
        places = [place for text in image.get("provides", {}).values() for place in _PLACE.findall(text)]
        wanted = {name for name, how in places if how == "codename"}
        for group, words in named.findall(image.get("tag", "")):
            if group in wanted:
                unknown = [word for word in words.split("|") if known.knowledge.codename(word) is None]
                assert unknown == [], image["source"]


@pytest.mark.parametrize(
    ("reference", "component", "value"),
    [
        ("ubuntu:20.04", "ubuntu", "20.04"),
        ("ubuntu:focal-20230301", "ubuntu", "20.04"),
        ("python:3.8-slim-buster", "ubuntu", "debian 10"),
        ("python:3.8.12", "python", "3.8"),
        ("nvidia/cuda:11.3.1-cudnn8-runtime-ubuntu18.04", "cudnn", "8"),
        ("nvcr.io/nvidia/cuda:11.3.1-base-ubuntu20.04", "cuda", "11.3"),
        ("mcr.microsoft.com/azureml/openmpi4.1.0-cuda11.1-cudnn8-ubuntu20.04:20220504.v1", "mpi", "openmpi 4.1.0"),
        ("mcr.microsoft.com/aifx/acpt/stable-ubuntu2004-cu117-py38-torch1131:latest", "cuda", "11.7"),
        ("mcr.microsoft.com/azureml/minimal-ubuntu20.04-py38-cpu-inference:1", "python", "3.8"),
        ("continuumio/miniconda3:4.9.2", "conda", "4.9.2"),
        ("condaforge/miniforge3:22.9.0-3", "conda", "22.9.0"),
        ("scratch", "ubuntu", "absent"),
    ],
)
def test_known_image(reference: str, component: str, value: str, known: Catalog) -> None:
    parsed = parse_reference(reference)
    assert parsed is not None
    found = known.knowledge.base_image(parsed)
    assert found is not None
    assert found.provides[component].text == value


def test_distributions() -> None:
    releases = read_toml(RULES / "distributions.toml")["release"]
    assert Counter((item["distribution"], item["version"]) for item in releases).most_common(1)[0][1] == 1
    assert Counter(item["codename"] for item in releases if item.get("codename")).most_common(1)[0][1] == 1
    for item in releases:
        assert set(item) <= {"distribution", "version", "codename", "released", "end_of_life", "packages", "source"}
        assert item["source"].strip()
        assert set(item.get("codename", "")) <= set(string.ascii_lowercase)
        if "end_of_life" in item:
            assert isinstance(item["end_of_life"], date)
            assert item.get("released", date.min) < item["end_of_life"]
        for name, version in item.get("packages", {}).items():
            assert from_specifiers(version).lowest is not None, name


@pytest.mark.parametrize(
    ("value", "codename"), [("16.04", "xenial"), ("24.04", "noble"), ("debian 12", "bookworm"), ("debian 9", "stretch")]
)
def test_release_by_value(value: str, codename: str, known: Catalog) -> None:
    release = known.knowledge.release(parse_value(value))
    assert release is not None
    assert (release.codename, release.name) == (codename, value)
    assert known.knowledge.codename(codename) == release


@pytest.mark.parametrize("value", ["debian", "18.04 | 20.04", "17", "plan9 4", "present"])
def test_no_release_by_value(value: str, known: Catalog) -> None:
    assert known.knowledge.release(parse_value(value)) is None


def test_installers() -> None:
    data = read_toml(RULES / "installers.toml")
    products = {"miniconda2", "miniconda3", "miniforge3", "mambaforge", "miniforge-pypy3", "anaconda2", "anaconda3"}
    counted = Counter((item["product"], item["version"]) for item in data["installer"])
    assert [key for key, count in counted.items() if count > 1] == []
    for item in data["installer"]:
        assert set(item) <= {"product", "version", "conda", "python"}
        assert item["product"] in products
        for key in {"conda", "python"} & set(item):
            assert parse_value(item[key]).versions is not None
    latest = Counter(item["product"] for item in data["latest"])
    assert latest.most_common(1)[0][1] == 1
    for item in data["latest"]:
        assert isinstance(item["as_of"], date)


@pytest.mark.parametrize(
    ("product", "version", "conda", "python"),
    [
        ("miniconda3", "4.7.12", "4.7.12", "3.7"),
        ("miniconda3", "4.3.11", "4.3.11", "3.6"),
        ("miniconda3", "py38_4.12.0", "4.12.0", "3.8"),
        ("miniforge3", "22.9.0-3", "22.9.0", "3.10"),
        ("anaconda3", "2020.02", "4.8.2", "3.7"),
    ],
)
def test_installer(product: str, version: str, conda: str, python: str, known: Catalog) -> None:
    found = known.knowledge.installer(product, version)
    assert found is not None
    assert found.conda is not None
    assert found.python is not None
    assert (found.conda.text, found.python.text) == (conda, python)


def test_latest_installers_are_at_least_the_newest_that_is_listed(known: Catalog) -> None:
    data = read_toml(RULES / "installers.toml")
    for item in data["latest"]:
        latest = parse_value(item["conda"]).versions
        assert latest is not None
        assert latest.lowest is not None
        for other in data["installer"]:
            if other["product"] == item["product"] and "conda" in other:
                listed = parse_value(other["conda"]).versions
                assert listed is not None
                assert listed.lowest is not None
                assert listed.lowest <= latest.lowest, other


def test_packages(known: Catalog) -> None:
    for entry in read_toml(RULES / "packages.toml")["package"]:
        pattern = re.compile(entry["name"])
        assert set(entry) <= {"manager", "name", "component", "family", "version", "payload"}
        assert entry["component"] in (*COMPONENTS, "same")
        assert set(re.findall(r"\{(\w+)\}", entry.get("version", ""))) <= set(pattern.groupindex)
    assert [item.component for item in known.knowledge.meanings("apt", "libnccl2")] == ["nccl"]
    assert list(known.knowledge.meanings("apt", "libnccl2-nonsense")) == []


def test_releases_of_azureml_defaults(known: Catalog) -> None:
    """The ranges do not overlap, and each names its newest release."""
    ranges = known.knowledge.defaults
    for index, item in enumerate(ranges):
        assert item.server in ("none", "flask", "azureml-inference-server-http")
        assert item.source
        assert item.newest in item.versions
        for other in ranges[index + 1 :]:
            assert item.versions.isdisjoint(other.versions)
    for version, server in {"1.0.45": "none", "1.13.0": "flask", "1.62.0": "azureml-inference-server-http"}.items():
        assert [item.server for item in ranges if version in item.versions] == [server]


def test_lives_of_python(known: Catalog) -> None:
    lives = known.knowledge.python_lifecycles
    assert lives["3.7"] == date(2023, 6, 27)
    ordered = [lives[version] for version in sorted(lives, key=lambda text: [int(part) for part in text.split(".")])]
    assert ordered[1:] == sorted(ordered[1:])
    for entry in read_toml(RULES / "pythons.toml")["python"]:
        assert entry["source"].strip()


def test_data_that_is_missing_or_broken_is_told_by_file(folder: Path) -> None:
    (folder / "distributions.toml").write_text("[[release\n")
    with pytest.raises(ConfigError, match=r"distributions\.toml: not valid TOML: .*line 1"):
        Catalog(folder).knowledge.codename("noble")
    (folder / "pythons.toml").unlink()
    with pytest.raises(ConfigError, match=r"pythons\.toml: cannot be read"):
        _ = Catalog(folder).knowledge.python_lifecycles
