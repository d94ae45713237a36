"""What stands beside an image: an environment as any of its files or programs states it, in one model for all rules."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import TYPE_CHECKING

from amlcheck.dockerfile.source import Span
from amlcheck.dockerfile.text import Text
from amlcheck.environment.document import Entry, Node, Open, Problem, boolean, is_null, string
from amlcheck.environment.document import Mapping as Section
from amlcheck.environment.specs import Spec
from amlcheck.knowledge import Knowledge
from amlcheck.model import Testimony
from amlcheck.records import dataclass, field
from amlcheck.reference import Reference, parse_reference

if TYPE_CHECKING:
    from amlcheck.dockerfile.built import Built
    from amlcheck.environment.entry_script import EntryScript


class Kind(Enum):
    """What a file is; the value is what people call it."""

    INFERENCE_CONFIG = "inference config"
    DEPLOYMENT_CONFIG = "deployment config"
    V1_ENVIRONMENT = "environment of SDK v1"
    CONDA_FILE = "conda file"
    REQUIREMENTS = "requirements file"
    ENVIRONMENT = "environment"
    ENDPOINT = "online endpoint"
    DEPLOYMENT = "online deployment"
    SDK = "Python script"
    ENTRY_SCRIPT = "entry script"


class Written(Enum):
    """With what an environment is handed to Azure ML: what holds of it depends on that."""

    CLI_V1 = "the ML CLI (v1)"
    SDK_V1 = "SDK v1"
    V2 = "CLI or SDK v2"
    NOTHING = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A package that is asked for."""

    manager: str
    """conda or pip."""
    spec: Spec
    word: Text
    """The words that ask for it."""

    @property
    def span(self) -> Span | None:
        return self.word.span

    @property
    def pinned(self) -> bool:
        """Whether a single version is asked for (to its precision), or an exact file."""
        versions = self.spec.versions
        if self.spec.unknown:
            return True  # stated, in a way that is not followed
        if versions is None or versions.is_any or len(versions.intervals) != 1:
            return False
        low, high = versions.intervals[0]
        return low is not None and high is not None and "<" not in versions.text and ">" not in versions.text


@dataclass
class Conda:
    """What is installed on top of an image: a conda file's content, wherever it stands."""

    span: Span
    """The whole of it, or the words that name it."""
    wanted: list[Wanted] = field(default_factory=list)
    channels: list[Text] | None = None
    """None where the key is not there."""
    dependencies_span: Span | None = None
    """The key `dependencies`."""
    pip_span: Span | None = None
    """The key `pip`."""
    pip_listed: Span | None = None
    """Where pip itself is listed, before or after the pip section."""
    open: str = ""
    """Why there may be more packages than these; empty where there are not."""
    refused: list[tuple[Text, str]] = field(default_factory=list)
    """Requirements that pip refuses, each with the reason."""
    from_requirements: bool = False
    """pip alone installs it: there are no channels and no Python."""
    included: set[str] = field(default_factory=set)
    """Requirements files that were read into it, each once."""
    file: str = ""
    """The file it stands in, as it is shown; empty where it is stated in place."""

    def named(self, *names: str, manager: str = "") -> list[Wanted]:
        """What asks for one of these packages."""
        return [item for item in self.wanted if item.spec.name in names and manager in ("", item.manager)]


@dataclass(frozen=True)
class UnknownKey:
    """A key that nothing reads, and the one it is nearest to."""

    entry: Entry
    nearest: str
    where: str
    """The section it stands in: "docker"; empty for the top."""


@dataclass(frozen=True)
class MissingFile:
    """A file that is named and is not there, or that was not read."""

    span: Span
    what: str
    """What it is for: "the conda file"."""
    path: str
    why: str = ""
    """Why it was not read, with its path; empty where it is not there."""


@dataclass
class Environment:
    """One environment and what is said of its use. Nodes are None where nothing is stated."""

    kind: Kind
    written: Written
    knowledge: Knowledge
    span: Span
    """Where it is stated: what a finding without a better place points at."""
    name: Node | None = None
    image: Node | None = None
    dockerfile: Node | None = None
    """The Dockerfile that is built, by name."""
    dockerfile_path: str = ""
    """Where that Dockerfile is, as it is shown; empty where there is none."""
    docker: Section | None = None
    docker_enabled: Node | None = None
    registry: Section | None = None
    stack_version: Node | None = None
    conda: Conda | None = None
    conda_open: str = ""
    """Why it is not known what is installed on top; empty where it is, or where nothing is."""
    base_conda: Node | None = None
    interpreter_path: Node | None = None
    user_managed: Node | None = None
    variables: Section | None = None
    routes: Node | None = None
    """v2: `inference_config`, the routes of an image that brings its own server."""
    scoring: bool = False
    """It is used with an entry script: Azure ML's server has to run in it."""
    reference: Node | None = None
    """The environment that is used, where it is only named (`azureml:name:1`)."""
    entry: EntryScript | None = None
    entry_node: Node | None = None
    settings: Section | None = None
    """Of a deployment or deployment config: the whole of it."""
    problems: list[Problem] = field(default_factory=list)
    unknown_keys: list[UnknownKey] = field(default_factory=list)
    missing: list[MissingFile] = field(default_factory=list)
    together: list[str] = field(default_factory=list)
    """Which files belong to it, and why: sentences for the report."""
    built: Built | None = None
    """The image below it, where that is known: from its Dockerfile, or what is known of the image that it names."""
    from_dockerfile: bool = False
    """`built` is what a Dockerfile builds, not what is known of a name."""
    supplied: Mapping[str, Testimony] = field(default_factory=dict)
    """What it brings on top of the image, by component."""
    python: Testimony | None = None
    """The Python that runs: its own, or the image's where nothing is installed on top."""

    @property
    def image_reference(self) -> Reference | None:
        """The image it names; None where it names none, or one that is not known."""
        text = string(self.image)
        return parse_reference(text) if text is not None else None

    @property
    def is_user_managed(self) -> bool | None:
        """Whether Azure ML builds nothing on top; None where that is not known."""
        if self.user_managed is None:
            return False
        return boolean(self.user_managed)

    @property
    def supplies(self) -> bool:
        """Whether something is installed on top of the image, and it is known what."""
        return self.conda is not None and self.is_user_managed is False


def stated(node: Node | None) -> bool:
    """Whether something is said at all, known or not."""
    return node is not None and not is_null(node)


def is_open(node: Node | None) -> bool:
    return isinstance(node, Open)
