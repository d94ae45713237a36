"""The pre-push hook with real git and bare remotes: what is checked, what stops a push, what is said."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from git_support import BAD, BASE, COPIES, GOOD, Repository, conda_file, new_repository

NOTHING = "amlcheck: ok, no image is concerned"


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    """With the hook, and one commit that the remote has: a good Dockerfile and what is beside it."""
    repository = new_repository(tmp_path)
    files: dict[str, str | bytes | None] = {
        "Dockerfile": GOOD,
        "README.md": "hello\n",
        "serving/Dockerfile": COPIES,
        "serving/environment.yml": conda_file("3.8"),
        "src/app.py": "print(1)\n",
    }
    repository.commit(files)
    repository.pushed("-u", "origin", "main")
    repository.install()
    return repository


def test_a_violation_is_stopped_with_its_finding_and_fix_and_its_correction_passes(repo: Repository) -> None:
    bad = repo.commit({"Dockerfile": BAD})
    result = repo.stopped()
    assert "error[AML101] ubuntu: 14.04 is not >=16.04" in result.err
    assert "--> Dockerfile:1:6" in result.err
    assert "fix: start from Ubuntu >=16.04" in result.err
    assert f"in Dockerfile of commit {bad[:10]}" in result.err
    assert result.out == ""
    assert repo.git("ls-remote", "origin", "main").split()[0] != bad
    good = repo.commit({"Dockerfile": GOOD + "# better\n"})
    result = repo.pushed()
    assert [line.partition(", ")[0] for line in result.ours] == ["amlcheck: ok"]
    assert "Dockerfile" in result.ours[0]
    assert repo.git("ls-remote", "origin", "main").split()[0] == good


def test_the_working_tree_changes_nothing(repo: Repository) -> None:
    repo.commit({"Dockerfile": GOOD + "# one\n"})
    repo.write({"Dockerfile": BAD, "serving/environment.yml": conda_file("3.5"), "amlcheck.toml": "nonsense ="})
    repo.pushed()
    repo.git("checkout", "-q", ".")
    (repo.path / "amlcheck.toml").unlink()
    repo.commit({"serving/environment.yml": conda_file("3.5")})
    repo.write({"serving/environment.yml": conda_file("3.8"), "serving/Dockerfile": GOOD})
    repo.git("add", "-A")
    assert "python: 3.5 is not >=3.6" in repo.stopped().err


def test_an_unrelated_push_takes_one_line(repo: Repository) -> None:
    repo.commit({"README.md": "other\n", "src/app.py": "print(2)\n", "src/new.py": "import os\n"})
    assert repo.pushed().ours == [NOTHING]
    repo.commit({"README.md": None})
    assert repo.pushed().ours == [NOTHING]


def test_a_file_with_an_old_violation_does_not_stop_a_push_of_another_one(repo: Repository) -> None:
    repo.commit({"old/Dockerfile": BAD})
    repo.pushed("--no-verify", "origin", "main")
    repo.commit({"Dockerfile": GOOD + "# two\n"})
    result = repo.pushed()
    assert result.ours[0].startswith("amlcheck: ok, Dockerfile")
    assert "old/" not in result.err


def test_a_dockerfile_is_checked_again_where_what_it_copies_changed(repo: Repository) -> None:
    repo.commit({"serving/environment.yml": conda_file("3.5")})
    result = repo.stopped()
    assert "--> serving/environment.yml:4:5" in result.err
    assert "--> serving/Dockerfile:3" in result.err


def test_a_change_is_followed_through_included_files_variables_and_links(repo: Repository) -> None:
    variant = f"FROM {BASE}\nARG VARIANT=gpu\nCOPY . /app/\nRUN conda env update -n base -f /app/environment-${{VARIANT}}.yml\n"
    listed = f"FROM {BASE}\nCOPY . /app\nRUN pip install -r /app/deps.list\n"
    repo.commit(
        {
            "v/Dockerfile": variant,
            "v/environment-gpu.yml": conda_file("3.8"),
            "l/Dockerfile": listed,
            "l/deps.list": "-r more.list\n",
            "l/more.list": "azureml-defaults==1.57.0\n",
            "s/shared/python.yml": conda_file("3.8"),
            "s/Dockerfile": COPIES,
            "o/Dockerfile": COPIES,
        }
    )
    os.symlink("python-link.yml", repo.path / "s/environment.yml")
    os.symlink("shared/python.yml", repo.path / "s/python-link.yml")
    os.symlink("../s/shared/python.yml", repo.path / "o/environment.yml")
    repo.commit({})
    repo.pushed()
    repo.commit({"v/environment-gpu.yml": conda_file("3.5")})
    assert "--> v/environment-gpu.yml:4:5" in repo.stopped().err
    repo.git("reset", "-q", "--hard", "HEAD~1")
    repo.commit({"l/more.list": "azureml-defaults==1.0.1\n"})
    assert "--> l/more.list:1:1" in repo.stopped().err
    repo.git("reset", "-q", "--hard", "HEAD~1")
    repo.commit({"s/shared/python.yml": conda_file("3.5")})
    result = repo.stopped()
    assert "--> s/environment.yml:4:5" in result.err
    assert "o/Dockerfile" not in result.err, "Docker follows no link out of the build context"


def test_an_inference_config_is_checked_again_where_its_neighbour_changed(repo: Repository) -> None:
    config = '{"entryScript": "score.py", "condaFile": "conda.yml", "baseImage": "ubuntu:22.04"}'
    script = "def init():\n    pass\n\ndef run(data):\n    return data\n"
    repo.commit({"i/inferenceconfig.json": config, "i/conda.yml": conda_file("3.8"), "i/score.py": script})
    repo.pushed("--no-verify", "origin", "main")
    repo.commit({"i/conda.yml": conda_file("3.5")})
    assert "i/inferenceconfig.json" in repo.stopped().err
    repo.commit({"i/conda.yml": conda_file("3.8")})
    repo.pushed("--no-verify", "origin", "main")
    repo.commit({"i/score.py": "def init():\n    pass\n"})
    assert "defines no run()" in repo.stopped().err


def test_a_removed_environment_and_a_new_dockerignore_concern_the_dockerfile(repo: Repository) -> None:
    repo.commit({"serving/.dockerignore": "environment.yml\n"})
    result = repo.pushed()
    assert "serving/Dockerfile" in result.ours[0]
    assert "undecided" in result.ours[0]
    repo.commit({"serving/environment.yml": None, "serving/.dockerignore": None})
    assert "serving/Dockerfile" in repo.pushed().ours[0]


def test_undecided_never_stops_a_push(repo: Repository) -> None:
    repo.commit({"Dockerfile": "ARG BASE\nFROM $BASE\nRUN ./install.sh\n"})
    result = repo.pushed()
    assert len(result.ours) == 1
    assert "undecided" in result.ours[0]
    assert "error[" not in result.err


# --- refs ------------------------------------------------------------------------------------------------------------


def test_a_new_branch_is_compared_with_where_it_left(repo: Repository) -> None:
    repo.commit({"old/Dockerfile": BAD})
    repo.pushed("--no-verify", "origin", "main")
    repo.git("checkout", "-q", "-b", "feature")
    repo.commit({"README.md": "feature\n"})
    assert repo.pushed("origin", "feature").ours == [NOTHING]
    repo.git("checkout", "-q", "-b", "other", "main")
    repo.commit({"new/Dockerfile": BAD})
    result = repo.stopped("origin", "other")
    assert "new/Dockerfile" in result.err
    assert "old/Dockerfile" not in result.err
    repo.git("branch", "same", "main")
    assert repo.pushed("origin", "same").ours == ["amlcheck: ok, nothing new is pushed"]


def test_the_first_push_of_all_checks_everything(tmp_path: Path) -> None:
    repo = new_repository(tmp_path)
    repo.install()
    repo.commit({"a/Dockerfile": BAD})
    repo.commit({"README.md": "x"})
    assert "a/Dockerfile" in repo.stopped().err
    repo.commit({"a/Dockerfile": GOOD})
    assert repo.pushed().ours[0].startswith("amlcheck: ok, a/Dockerfile")


def test_a_violation_that_a_later_commit_of_the_push_corrects_is_none(repo: Repository) -> None:
    repo.commit({"Dockerfile": BAD})
    repo.commit({"Dockerfile": GOOD + "# three\n"})
    repo.pushed()


def test_a_deleted_branch_and_nothing_at_all(repo: Repository) -> None:
    repo.git("branch", "gone")
    repo.pushed("origin", "gone")
    assert repo.pushed("origin", ":gone").ours == ["amlcheck: ok, nothing new is pushed"]
    assert repo.pushed().ours == []


def test_a_force_push_is_compared_with_what_it_replaces_and_where_it_starts(repo: Repository) -> None:
    repo.commit({"old/Dockerfile": BAD})
    repo.pushed("--no-verify", "origin", "main")
    repo.commit({"README.md": "first\n"})
    repo.pushed()
    repo.write({"README.md": "amended\n"})
    repo.git("commit", "-qa", "--amend", "-m", "amended")
    assert repo.pushed("--force", "origin", "main").ours == [NOTHING]
    repo.write({"Dockerfile": BAD})
    repo.git("commit", "-qa", "--amend", "-m", "amended again")
    assert "Dockerfile" in repo.stopped("--force", "origin", "main").err


def test_a_branch_that_is_forced_back_to_a_violation_is_stopped(repo: Repository) -> None:
    repo.commit({"Dockerfile": BAD})
    repo.pushed("--no-verify", "origin", "main")
    repo.commit({"Dockerfile": GOOD + "# corrected\n"})
    repo.pushed()
    assert "14.04" in repo.stopped("--force", "origin", "HEAD~1:main").err
    repo.git("revert", "--no-edit", "HEAD")
    assert "14.04" in repo.stopped().err


def test_a_force_push_over_what_was_never_fetched(repo: Repository, tmp_path: Path) -> None:
    other = Repository(tmp_path / "other", tmp_path / "home")
    repo.git("clone", "-q", str(tmp_path / "remote.git"), str(other.path), cwd=tmp_path)
    other.commit({"README.md": "by somebody else\n"})
    other.pushed()
    repo.commit({"README.md": "mine\n"})
    assert repo.pushed("--force", "origin", "main").ours == [NOTHING]
    other.commit({"README.md": "again\n"})
    other.pushed("--force", "origin", "main")
    repo.commit({"Dockerfile": BAD})
    repo.stopped("--force", "origin", "main")


def test_what_is_merged_from_the_remote_is_not_blamed_on_the_push(repo: Repository) -> None:
    repo.git("checkout", "-q", "-b", "feature")
    repo.commit({"README.md": "feature\n"})
    repo.pushed("-u", "origin", "feature")
    repo.git("checkout", "-q", "main")
    repo.commit({"theirs/Dockerfile": BAD})
    repo.pushed("--no-verify", "origin", "main")
    repo.git("checkout", "-q", "feature")
    repo.git("merge", "-q", "--no-edit", "main")
    assert repo.pushed("origin", "feature").ours == [NOTHING]


def test_what_only_the_merge_brings_together_is_checked(repo: Repository) -> None:
    repo.git("checkout", "-q", "-b", "feature")
    copied = COPIES.replace("environment.yml", "other.yml")
    repo.commit({"m/Dockerfile": copied, "m/other.yml": conda_file("3.8")})
    repo.pushed("origin", "feature")
    repo.git("checkout", "-q", "main")
    repo.commit({"m/other.yml": conda_file("3.5")})
    repo.pushed("--no-verify", "origin", "main")
    repo.git("checkout", "-q", "feature")
    repo.run(("git", "merge", "-q", "--no-edit", "main"))
    repo.git("checkout", "-q", "--theirs", "m/other.yml")
    repo.git("add", "-A")
    repo.git("commit", "-q", "-m", "merged")
    assert "m/Dockerfile" in repo.stopped("origin", "feature").err


@pytest.mark.parametrize("annotated", [False, True])
def test_tags(repo: Repository, annotated: bool) -> None:
    words = ("tag", "-a", "-m", "x") if annotated else ("tag",)
    repo.git(*words, "here")
    assert repo.pushed("origin", "here").ours == ["amlcheck: ok, nothing new is pushed"]
    bad = repo.commit({"Dockerfile": BAD})
    repo.git(*words, "bad")
    result = repo.stopped("origin", "bad")
    assert f"push to refs/tags/bad stopped: 3 violations in Dockerfile of commit {bad[:10]}" in result.err
    result = repo.stopped("--follow-tags", "origin", "main", "bad")
    assert result.err.count("error[AML101]") == 1


def test_tags_of_what_is_no_commit(repo: Repository) -> None:
    repo.git("tag", "file", "HEAD:Dockerfile")
    repo.git("tag", "-a", "-m", "x", "tree", "HEAD^{tree}")
    assert repo.pushed("origin", "file", "tree").ours == ["amlcheck: ok, nothing new is pushed"]


def test_several_refs_in_one_push(repo: Repository) -> None:
    repo.git("checkout", "-q", "-b", "one")
    repo.commit({"one/Dockerfile": BAD})
    repo.git("checkout", "-q", "-b", "two", "main")
    repo.commit({"two/Dockerfile": BAD})
    repo.git("checkout", "-q", "-b", "three", "main")
    repo.commit({"README.md": "three\n"})
    result = repo.stopped("origin", "one", "two", "three")
    assert "--> one/Dockerfile:1" in result.err
    assert "--> two/Dockerfile:1" in result.err
    assert "push to refs/heads/three" not in result.err
    assert repo.pushed("origin", "three").ours == [NOTHING]


def test_a_ref_that_is_an_expression_with_blanks(repo: Repository) -> None:
    repo.commit({"Dockerfile": BAD}, "a fix of it")
    assert "14.04" in repo.stopped("origin", "HEAD^{/a fix of it}:refs/heads/x").err


def test_a_push_to_an_address_and_to_a_fork(repo: Repository, tmp_path: Path) -> None:
    repo.commit({"old/Dockerfile": BAD})
    repo.pushed("--no-verify", "origin", "main")
    repo.git("init", "-q", "--bare", str(tmp_path / "fork.git"))
    repo.git("remote", "add", "fork", str(tmp_path / "fork.git"))
    repo.git("checkout", "-q", "-b", "feature")
    repo.commit({"README.md": "for the fork\n"})
    assert repo.pushed("fork", "feature").ours == [NOTHING]
    repo.commit({"Dockerfile": BAD})
    result = repo.stopped(str(tmp_path / "fork.git"), "feature")
    assert "old/Dockerfile" not in result.err


def test_a_shallow_clone(repo: Repository, tmp_path: Path) -> None:
    repo.commit({"old/Dockerfile": BAD})
    repo.pushed("--no-verify", "origin", "main")
    shallow = Repository(tmp_path / "shallow", tmp_path / "home")
    address = f"file://{tmp_path / 'remote.git'}"
    repo.git("clone", "-q", "--depth", "1", address, str(shallow.path), cwd=tmp_path)
    shallow.install()
    shallow.commit({"README.md": "from a shallow clone\n"})
    assert shallow.pushed("origin", "HEAD:refs/heads/new").ours == [NOTHING]
    shallow.commit({"Dockerfile": BAD})
    result = shallow.stopped()
    assert "old/Dockerfile" not in result.err


def test_a_partial_clone_without_the_content_of_other_files(repo: Repository, tmp_path: Path) -> None:
    repo.git("config", "uploadpack.allowFilter", "true", cwd=tmp_path / "remote.git")
    partial = Repository(tmp_path / "partial", tmp_path / "home")
    address = f"file://{tmp_path / 'remote.git'}"
    words = ("clone", "-q", "--filter=blob:none", "--sparse", address, str(partial.path))
    repo.git(*words, cwd=tmp_path)
    partial.install()
    partial.commit({"README.md": "from a partial clone\n"})
    assert partial.pushed().ours == [NOTHING]
    partial.git("sparse-checkout", "add", "serving")
    partial.commit({"serving/Dockerfile": COPIES + "# changed\n"})
    partial.pushed()
    partial.commit({"Dockerfile": BAD})
    partial.stopped()


def test_a_sha256_repository(tmp_path: Path) -> None:
    repo = new_repository(tmp_path, "--object-format=sha256")
    repo.commit({"Dockerfile": GOOD})
    repo.install()
    assert repo.pushed().ours[0].startswith("amlcheck: ok, Dockerfile")
    repo.commit({"Dockerfile": BAD})
    assert "14.04" in repo.stopped().err
    repo.git("branch", "gone", "HEAD~1")
    repo.pushed("origin", "gone")
    repo.pushed("origin", ":gone")


# --- contents --------------------------------------------------------------------------------------------------------


def test_names_of_all_kinds(repo: Repository) -> None:
    repo.commit({'o\n"dd ü $(x)/Dockerfile': BAD, b"\xff.Dockerfile".decode("utf-8", "surrogateescape"): BAD})
    result = repo.stopped()
    assert 'o\ufffd"dd ü $(x)/Dockerfile' in result.err
    assert result.err.count("error[AML101]") == 2


def test_files_in_git_lfs_that_are_not_here(repo: Repository) -> None:
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 120\n"
    repo.commit({"big/Dockerfile": pointer, "serving/environment.yml": pointer})
    result = repo.pushed()
    assert "amlcheck: not checked: big/Dockerfile: its content is in Git LFS and not here" in result.ours


def test_a_file_in_git_lfs_that_is_here(repo: Repository) -> None:
    import hashlib

    digest = hashlib.sha256(BAD.encode()).hexdigest()
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{digest}\nsize {len(BAD)}\n"
    store = repo.path / ".git/lfs/objects" / digest[:2] / digest[2:4]
    store.mkdir(parents=True)
    (store / digest).write_text(BAD)
    repo.commit({"big/Dockerfile": pointer})
    assert "--> big/Dockerfile:1:6" in repo.stopped().err


def test_links_that_lead_out_of_the_repository_are_not_followed(repo: Repository, tmp_path: Path) -> None:
    (tmp_path / "outside.yml").write_text(conda_file("3.5"))
    (tmp_path / "Outside").write_text(BAD)
    repo.commit({"x/Dockerfile": COPIES})
    os.symlink(tmp_path / "outside.yml", repo.path / "x/environment.yml")
    os.symlink("../../Outside", repo.path / "x/other.Dockerfile")
    os.symlink("loop.Dockerfile", repo.path / "x/loop.Dockerfile")
    repo.commit({})
    result = repo.pushed()
    assert "3.5" not in result.err
    assert "14.04" not in result.err


def test_what_stands_in_a_submodule_is_not_missing(repo: Repository, tmp_path: Path) -> None:
    module = new_repository(tmp_path / "module")
    module.commit({"conda.yml": conda_file("3.8")})
    repo.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(module.path), "module")
    config = '{"entryScript": "score.py", "condaFile": "../module/conda.yml", "baseImage": "ubuntu:22.04"}'
    script = "def init():\n    pass\n\ndef run(data):\n    return data\n"
    repo.commit({"i/inferenceconfig.json": config, "i/score.py": script})
    result = repo.push()
    assert "module/conda.yml" not in result.err or "not there" not in result.err
    assert "AML6" not in result.err


def test_a_push_from_within_a_submodule(repo: Repository, tmp_path: Path) -> None:
    module = new_repository(tmp_path / "module")
    module.commit({"conda.yml": conda_file("3.8")})
    module.pushed("origin", "main")
    words = (
        "-c",
        "protocol.file.allow=always",
        "submodule",
        "--quiet",
        "add",
        str(tmp_path / "module/remote.git"),
        "sub",
    )
    repo.git(*words)
    sub = Repository(repo.path / "sub", tmp_path / "home")
    sub.install()
    assert not (repo.path / "sub/.git").is_dir()
    sub.commit({"Dockerfile": BAD})
    sub.stopped()


def test_a_large_file_is_neither_read_nor_written(repo: Repository) -> None:
    repo.commit({"serving/environment.yml": "a" * (30 << 20), "big.Dockerfile": "#" * (12 << 20)})
    result = repo.stopped()
    assert "big.Dockerfile: has more than 10 MB" in result.err


def test_the_configuration_is_that_of_the_commit(repo: Repository) -> None:
    repo.commit({"Dockerfile": GOOD + "# four\n", "amlcheck.toml": 'require = ["python>=3.11"]\n'})
    assert "python>=3.11" in repo.stopped().err or ">=3.11" in repo.stopped().err
    repo.write({"amlcheck.toml": ""})
    repo.stopped()
    own = 'title = "Ours"\nextends = "azureml-2021-04"\n[requires.ubuntu]\naccepts = ">=24.04"\nsource = "handbook"\n'
    settings = 'profile = "platform.toml"\n'
    repo.commit(
        {
            "amlcheck.toml": None,
            "config/platform.toml": own,
            "config/amlcheck.toml": settings,
            "config/Dockerfile": GOOD,
        }
    )
    result = repo.stopped()
    assert "22.04 is not >=24.04" in result.err
    assert "config/Dockerfile" in result.err
    assert "push to refs/heads/main stopped: 1 violation in config/Dockerfile" in result.err


def test_a_configuration_that_cannot_be_used_stops_the_push_with_one_sentence(repo: Repository) -> None:
    repo.commit({"amlcheck.toml": 'profil = "x"\n'})
    result = repo.push()
    assert result.code != 0
    assert len(result.ours) == 1
    assert "amlcheck.toml:1: unknown key 'profil'; did you mean 'profile'?" in result.ours[0]
    assert "--no-verify" in result.ours[0]
    repo.commit({"amlcheck.toml": None, "pyproject.toml": "[broken"})
    repo.pushed()


# --- ways around, and what goes wrong --------------------------------------------------------------------------------


def test_no_verify_and_the_variable_skip_it(repo: Repository) -> None:
    repo.commit({"Dockerfile": BAD})
    result = repo.pushed("origin", "HEAD:refs/heads/a", AMLCHECK_SKIP="1")
    assert result.ours == ["amlcheck: skipped (AMLCHECK_SKIP is set): this push is not checked"]
    assert repo.pushed("--no-verify", "origin", "HEAD:refs/heads/b").ours == []
    repo.commit({"Dockerfile": BAD + "# more\n"})
    repo.stopped(AMLCHECK_SKIP="0")


def test_modules_of_the_repository_are_not_taken_for_pythons(repo: Repository) -> None:
    trap = "raise SystemExit('taken from the repository')\n"
    names = ("amlcheck/__init__.py", "subprocess.py", "re.py", "yaml.py", "rules/__init__.py", "sitecustomize.py")
    repo.commit({**dict.fromkeys(names, trap), "Dockerfile": BAD})
    result = repo.stopped()
    assert "taken from" not in result.err


def test_nothing_is_left_behind(repo: Repository, tmp_path: Path) -> None:
    place = tmp_path / "tmp"
    place.mkdir()
    repo.commit({"Dockerfile": BAD})
    repo.stopped(TMPDIR=str(place))
    assert list(place.iterdir()) == []
    assert repo.git("status", "--porcelain") == ""


def test_git_that_cannot_answer_does_not_stop_a_push(repo: Repository) -> None:
    commit = repo.commit({"Dockerfile": BAD})
    tree = repo.git("rev-parse", f"{commit}^{{tree}}")
    (repo.path / ".git/objects" / tree[:2] / tree[2:]).unlink()
    line = f"refs/heads/main {commit} refs/heads/main {repo.git('rev-parse', 'origin/main')}\n"
    result = repo.amlcheck("hook", "run", "pre-push", "origin", "url", given=line.encode())
    assert result.code == 0
    assert len(result.ours) == 1
    assert result.ours[0].startswith("amlcheck: this push is not checked: git ")


def test_what_is_not_gits_protocol_is_refused(repo: Repository) -> None:
    result = repo.amlcheck("hook", "run", "pre-push", "origin", "url", given=b"hello\n")
    assert result.code == 2
    assert "is not what git hands to a pre-push hook" in result.err


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_an_interrupted_check_leaves_nothing(repo: Repository, tmp_path: Path, name: str) -> None:
    import signal
    import subprocess
    import time

    place = tmp_path / "tmp"
    place.mkdir()
    repo.commit({f"d{number}/Dockerfile": BAD for number in range(600)})
    process = subprocess.Popen(
        ["git", "push", "origin", "main"],
        cwd=repo.path,
        env={**repo.env, "TMPDIR": str(place)},
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    until = time.monotonic() + 30
    while not any(place.glob("amlcheck-*/*")) and time.monotonic() < until:
        time.sleep(0.005)
    os.killpg(process.pid, getattr(signal, name))
    _, error = process.communicate(timeout=30)
    until = time.monotonic() + 10
    while any(place.iterdir()) and time.monotonic() < until:
        time.sleep(0.02)
    assert list(place.iterdir()) == []
    assert b"Traceback" not in error
    assert repo.git("ls-remote", "origin", "main").split()[0] == repo.git("rev-parse", "HEAD~1")


def test_the_same_is_said_as_on_a_clean_checkout(repo: Repository, tmp_path: Path) -> None:
    root = Path(__file__).resolve().parent.parent
    for name in ("examples", "tests/projects"):
        shutil.copytree(root / name, repo.path / name.rpartition("/")[2], symlinks=True)
    repo.commit({})
    checkout = tmp_path / "checkout"
    repo.git("clone", "-q", str(repo.path), str(checkout))
    expected = repo.amlcheck("lint", ".", "--format", "json", cwd=checkout)
    import json

    failing = {
        subject["subject"]
        for subject in json.loads(expected.out)["subjects"]
        if subject.get("error")
        or any(item["verdict"] == "violated" and item["severity"] == "error" for item in subject["verdicts"])
        or any(item["severity"] == "error" for item in subject["findings"])
    }
    result = repo.stopped("origin", "HEAD")
    assert failing
    assert {name for name in failing if f"\n{name}\n" in f"\n{result.err}"} == failing
