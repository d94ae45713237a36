"""Every repair, on every case of its rule, on the pages' examples, on the seeds, and on each written in other ways.

What has to hold is in fix_properties.py: the finding is gone, no other appears, nothing else changes, twice is once.
"""

from __future__ import annotations

import re
import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

import environment_cases
import support
from amlcheck.catalog import Rule, catalog
from amlcheck.environment.pairing import pair
from amlcheck.fixing.allowed import Allowed
from amlcheck.fixing.engine import items_of
from amlcheck.fixing.workspace import Workspace
from amlcheck.lint import LintOptions
from amlcheck.run import lint_one
from amlcheck.today import VARIABLE
from fix_properties import Seen, examine
from support import ROOT, options_of

SAID = re.compile(r"^\*\*(Safe|Unsafe|No automatic) fix:\*\* ", re.MULTILINE)


@dataclass(frozen=True)
class Subject:
    """Files of a case or an example, the first of them the one that is checked."""

    rule: str
    kind: str
    title: str
    options: str
    place: Path | None = None
    """A folder, or a single Dockerfile."""
    files: tuple[tuple[str, str], ...] = ()

    def put(self, folder: Path) -> str:
        """Puts the files into a folder and says which is checked."""
        if self.place is not None and self.place.is_dir():
            shutil.copytree(self.place, folder, dirs_exist_ok=True)
            return "Dockerfile"
        if self.place is not None:
            shutil.copy(self.place, folder / "Dockerfile")
            return "Dockerfile"
        for name, text in self.files:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(text.encode("utf-8", "surrogateescape"))
        return self.files[0][0]


def subjects() -> list[Subject]:
    found = [
        Subject(
            case.rule,
            case.kind,
            case.name,
            case.options,
            case.path.parent if case.path.name == "Dockerfile" else case.path,
        )
        for case in support.cases()
    ]
    for rule in catalog().rules:
        if rule.subject == "dockerfile":
            found += [
                Subject(
                    rule.name, item.kind, f"{rule.name}/page-{at}", item.options, files=(("Dockerfile", item.text),)
                )
                for at, item in enumerate(support.examples(rule))
            ]
    of_pages = [
        item for rule in catalog().rules if rule.subject == "environment" for item in environment_cases.examples(rule)
    ]
    for case in (*environment_cases.cases(), *of_pages):
        found.append(Subject(case.rule, case.kind, case.title, case.options, files=tuple(case.files.items())))
    return found


ALL = subjects()
BAD = [item for item in ALL if item.kind == "bad"]
DOCKERFILES = [item for item in BAD if item.place is not None and item.place.is_file()]


@pytest.fixture(autouse=True)
def _the_day_of_the_cases(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "2026-11-21")


def rule_of(subject: Subject) -> Rule:
    rule = catalog().rule(subject.rule)
    assert rule is not None
    return rule


@pytest.mark.parametrize("subject", BAD, ids=lambda item: item.title)
def test_bad_case(subject: Subject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    name = subject.put(tmp_path)
    seen = Seen()
    examine([name], options_of(subject.options), seen, tmp_path)
    if subject.title not in NOT_REPAIRED and rule_of(subject).repair is not None:
        assert seen.repairs[rule_of(subject).id], "nothing repairs it"


@pytest.mark.slow
@pytest.mark.parametrize("subject", [item for item in ALL if item.kind != "bad"], ids=lambda item: item.title)
def test_other_case(subject: Subject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    examine([subject.put(tmp_path)], options_of(subject.options), Seen(), tmp_path)


VARIANTS: dict[str, Callable[[bytes], bytes]] = {
    "CRLF": lambda content: content.replace(b"\n", b"\r\n"),
    "byte order mark": lambda content: b"\xef\xbb\xbf" + content,
    "no end of the last line": lambda content: content.rstrip(b"\n"),
    "no UTF-8": lambda content: b"# caf\xe9 \xff\xc3\n" + content + b"# caf\xe9\n",
    "CRLF, mark, no end": lambda content: b"\xef\xbb\xbf" + content.rstrip(b"\n").replace(b"\n", b"\r\n"),
}


@pytest.mark.parametrize(
    ("subject", "variant"),
    [(item, list(VARIANTS)[at % len(VARIANTS)]) for at, item in enumerate(DOCKERFILES)],
    ids=lambda item: item.title if isinstance(item, Subject) else item,
)
def test_written_in_another_way(
    subject: Subject, variant: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    name = subject.put(tmp_path)
    file = tmp_path / name
    file.write_bytes(VARIANTS[variant](file.read_bytes()))
    examine([name], options_of(subject.options), Seen(), tmp_path)


def test_seeds_and_examples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in ("examples", "tests/seeds"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    monkeypatch.chdir(tmp_path)
    names = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file())
    checked = [name for name in names if name.endswith(("Dockerfile", ".json", ".py", ".yml"))]
    seen = Seen()
    options = options_of("--datasets --user-managed")
    pairs = pair(catalog(), checked)
    paired = LintOptions(
        options.profile,
        options.circumstances,
        environments=pairs.environments,
        dockerfiles=pairs.dockerfiles,
        named=frozenset(),
    )
    examine(pairs.names, paired, seen, tmp_path)
    assert seen.made > 3


# --- the ledger ------------------------------------------------------------------------------------------------------


def test_every_page_says_what_is_repaired() -> None:
    for rule in catalog().rules:
        fix = rule.page.partition("## Fix\n")[2].partition("\n## ")[0]
        said = SAID.findall(fix)
        assert said, f"{rule.id} does not say whether it has a fix"
        assert (said == ["No automatic"]) is (rule.repair is None), rule.id
        assert len(said) == len(set(said)), rule.id


def test_repairs_are_what_their_page_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Safe ones are offered only by rules whose page has "Safe fix", unsafe ones only where it has "Unsafe fix"."""
    offered: dict[str, Counter[bool]] = {}
    for at, subject in enumerate(BAD):
        rule = rule_of(subject)
        if rule.repair is None:
            continue
        folder = tmp_path / str(at)
        folder.mkdir()
        monkeypatch.chdir(folder)
        name = subject.put(folder)
        options = options_of(subject.options)
        report = lint_one(catalog(), name, options)
        workspace = Workspace(catalog(), options, Allowed.of([str(folder)], [name], None), [report])
        for item in items_of(report):
            if item.rule == rule.id and workspace.is_repairable(item):
                kinds = offered.setdefault(rule.id, Counter())
                kinds.update(repair.safe for repair in workspace.repairs(name, item))
    for identifier, kinds in offered.items():
        rule = next(rule for rule in catalog().rules if rule.id == identifier)
        said = set(SAID.findall(rule.page))
        assert {"Safe" if safe else "Unsafe" for safe in kinds} <= said, identifier


def test_the_ledger_names_cases_that_are_there() -> None:
    assert {item.title for item in BAD} >= NOT_REPAIRED


NOT_REPAIRED = frozenset(
    {
        "azureml-defaults/bad-constraints-file",
        "azureml-defaults/bad-none-and-user-managed",
        "azureml-defaults/bad-uninstalled-and-user-managed",
        "azureml-defaults/page-1",
        "base-image-tag/bad-port-is-no-tag",
        "conda/bad-copied-installer-under-another-name",
        "conda/bad-micromamba",
        "conda/bad-micromamba-image",
        "conda/bad-none",
        "conda/bad-old-anaconda",
        "conda/bad-only-downloaded",
        "conda/bad-removed-again",
        "conda/bad-stays-in-the-other-stage",
        "conda/bad-unpacked-where-no-software-stands",
        "conda/page-1",
        "container-routes/bad-no-path",
        "container-routes/bad-port",
        "dead-path/bad-no-conda-at-all",
        "defaults-not-installable/page-2",
        "deprecated-base/bad-base-gpu",
        "deprecated-base/bad-centos",
        "deprecated-environment-image/bad-fstring",
        "docker-refuses/bad-blank-base",
        "docker-refuses/bad-comment-behind-a-port",
        "docker-refuses/bad-copy-without-a-target",
        "docker-refuses/bad-endless-here-document",
        "docker-refuses/bad-env-without-a-value",
        "docker-refuses/bad-no-from",
        "docker-refuses/bad-open-substitution",
        "docker-refuses/bad-port-is-a-word",
        "docker-refuses/bad-port-too-high",
        "docker-refuses/bad-unsupported-modifier",
        "docker-refuses/bad-upper-case-image",
        "environment-image-tag/bad-no-name",
        "environment-image-tag/bad-page-0",
        "file-not-there/bad-conda",
        "file-not-there/bad-dockerfile",
        "file-not-there/bad-page-0",
        "file-not-there/bad-requirements-in-conda",
        "fuse-packages/bad-one-removed-again",
        "git/bad-not-the-flavour-s",
        "git/bad-pinned",
        "git/bad-removed-again",
        "git/bad-too-old",
        "inference-server/bad-only-one-half-is-held-back",
        "inference-server/bad-uninstalled-and-user-managed",
        "inferencing-stack/bad-sdk",
        "libfuse/bad-slim-python",
        "one-python/bad-inline",
        "one-python/bad-page-0",
        "one-python/bad-page-1",
        "platform/bad-tag",
        "platform/bad-windows",
        "python-conflict/bad-conda-file",
        "python-conflict/bad-v2",
        "python-end-of-life/bad-2-7",
        "python-end-of-life/bad-of-the-release",
        "python-not-on-path/bad-hidden-by-a-virtual-environment",
        "python/bad-apt-on-trusty",
        "python/bad-apt-on-xenial",
        "python/bad-base-image",
        "python/bad-built-from-source",
        "python/bad-none",
        "python/bad-only-python-2",
        "python/bad-other-stage-has-the-new-one",
        "python/bad-path-misses-the-base-image-s",
        "python/bad-virtual-environment",
        "python/page-0",
        "replaces-web-server/bad-gunicorn-later",
        "ubuntu/bad-alpine",
        "ubuntu/bad-build-arg",
        "ubuntu/bad-conda-image-is-debian",
        "ubuntu/bad-escape-directive",
        "ubuntu/bad-nvidia-on-centos",
        "ubuntu/bad-pinned-by-tag-and-digest",
        "ubuntu/bad-python-on-debian",
        "ubuntu/bad-scratch",
        "ubuntu/bad-the-last-stage-counts",
        "ubuntu/page-1",
        "unknown-key/bad-sdk-attribute",
        "unpinned-environment/bad-range",
        "unpinned-environment/bad-seeds",
        "unpinned-versions/bad-apt-of-a-component",
        "unpinned-versions/bad-conda",
        "unpinned-versions/bad-one-notice-an-instruction",
        "unpinned-versions/bad-pip",
        "unpinned-versions/bad-redirection",
        "unpinned-versions/bad-requirements-file",
        "unpinned-versions/page-0",
        "unpinned-versions/page-1",
    }
)
"""Bad cases of rules with repairs that have none: the words that would have to change are no single ones of the user's, or
what is to stand there nobody but the author knows, or something else would come of it."""
