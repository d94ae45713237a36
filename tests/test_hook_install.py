"""`amlcheck hook install` and `uninstall`: where git looks, what was there before, and what is left when amlcheck is gone."""

from __future__ import annotations

import os
import shutil
import stat
import sys
from pathlib import Path

import pytest

from git_support import BAD, GOOD, Repository, new_repository
from needed import lacking

posix = pytest.mark.skipif(sys.platform == "win32", reason="modes and links of POSIX")
RECORDS = '#!/bin/sh\nprintf "%s\\n" "$0" "$@" > "$RECORD"\ncat >> "$RECORD"\nexit ${HOOK_CODE:-0}\n'
"""A hook that writes down how it was called, and ends as it is told."""


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    repository = new_repository(tmp_path)
    repository.commit({"Dockerfile": GOOD})
    repository.pushed("--no-verify", "-u", "origin", "main")
    return repository


def put(path: Path, text: str, mode: int = 0o755) -> bytes:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)
    return path.read_bytes()


def test_installed_twice_is_once_and_uninstalled_is_nothing(repo: Repository) -> None:
    hooks = repo.path / ".git/hooks"
    before = sorted(os.listdir(hooks))
    first = repo.install()
    assert first.out == ".git/hooks/pre-push: installed; what is pushed is checked from now on\n"
    content = (hooks / "pre-push").read_bytes()
    assert "is installed already" in repo.install().out
    assert (hooks / "pre-push").read_bytes() == content
    repo.commit({"Dockerfile": BAD})
    assert repo.stopped().err.count("error[AML101]") == 1
    assert repo.amlcheck("hook", "uninstall").out == ".git/hooks/pre-push: removed\n"
    assert sorted(os.listdir(hooks)) == before
    assert repo.amlcheck("hook", "uninstall").out == "no hook was installed\n"
    repo.pushed()


@posix
@pytest.mark.parametrize("mode", [0o755, 0o700, 0o644])
def test_a_hook_that_is_there_is_chained_and_put_back_byte_for_byte(
    repo: Repository, tmp_path: Path, mode: int
) -> None:
    place = repo.path / ".git/hooks/pre-push"
    content = put(place, RECORDS + "# \t no newline at the end", mode)
    inode = place.stat().st_ino
    record = {"RECORD": str(tmp_path / "record")}
    assert "the hook that was there runs first" in repo.install().out
    repo.install()
    commit = repo.commit({"Dockerfile": BAD})
    result = repo.push(**record)
    assert result.code != 0
    if mode & 0o100:
        lines = (tmp_path / "record").read_text().splitlines()
        assert lines[1:3] == ["origin", str(tmp_path / "remote.git")]
        assert lines[3].startswith(f"HEAD {commit} refs/heads/main ")
    else:
        assert not (tmp_path / "record").exists(), "git does not run it, so neither do we"
    assert repo.amlcheck("hook", "uninstall").code == 0
    assert place.read_bytes() == content
    assert stat.S_IMODE(place.stat().st_mode) == mode
    assert place.stat().st_ino == inode
    assert not list(place.parent.glob("*amlcheck*"))


@posix
def test_the_exit_code_of_the_hook_before_is_obeyed(repo: Repository, tmp_path: Path) -> None:
    put(repo.path / ".git/hooks/pre-push", RECORDS)
    repo.install()
    repo.commit({"Dockerfile": BAD})
    record = {"RECORD": str(tmp_path / "record")}
    result = repo.push(HOOK_CODE="7", **record)
    assert result.code != 0
    assert "AML101" not in result.err
    script = repo.path / ".git/hooks/pre-push"
    assert repo.run((script, "origin", "url"), env={**record, "HOOK_CODE": "7"}).code == 7
    assert repo.push(AMLCHECK_SKIP="1", HOOK_CODE="7", **record).code != 0
    repo.pushed(AMLCHECK_SKIP="1", **record)


@posix
def test_a_hook_that_reads_nothing_and_one_that_is_no_shell_script(repo: Repository) -> None:
    place = repo.path / ".git/hooks/pre-push"
    put(place, f"#!{sys.executable}\nprint('from python', __file__)\n")
    repo.install()
    lines = "".join(f"refs/heads/b{n} {'0' * 40} refs/heads/b{n} {'1' * 40}\n" for n in range(3000))
    result = repo.run((place, "origin", "url"), given=lines.encode())
    assert result.code == 0
    assert "from python" in result.out
    assert result.err == "amlcheck: ok, nothing new is pushed\n"


@posix
@pytest.mark.parametrize("shell", ["#!/bin/sh -e", "#!/usr/bin/env sh", "#!/usr/bin/env bash"])
def test_a_hook_that_asks_for_its_own_name_has_the_one_it_had(repo: Repository, shell: str) -> None:
    """As husky's, which finds out so which of its scripts to run."""
    if "bash" in shell and shutil.which("bash") is None:
        lacking("no bash")
    hooks = repo.path / ".husky/_"
    put(hooks / "pre-push", f'{shell}\n. "$(dirname "$0")/h"\n')
    put(hooks / "h", 'n=$(basename "$0")\ns=$(dirname "$(dirname "$0")")/$n\n[ -f "$s" ] || exit 0\nsh "$s" "$@"\n')
    put(repo.path / ".husky/pre-push", 'echo "husky $*" >&2\nexit 3\n')
    repo.git("config", "core.hooksPath", ".husky/_")
    result = repo.install()
    assert ".husky/_/pre-push: installed" in result.out
    assert "part of the working tree" in result.out
    repo.commit({"README.md": "x"})
    result = repo.push()
    assert result.code != 0
    assert "husky origin " in result.err
    assert repo.run((hooks / "pre-push", "origin", "url")).code == 3


@posix
def test_a_link_and_what_leads_nowhere_are_put_back_as_links(repo: Repository, tmp_path: Path) -> None:
    place = repo.path / ".git/hooks/pre-push"
    put(tmp_path / "shared-hook", RECORDS)
    for target in (str(tmp_path / "shared-hook"), "../nowhere"):
        place.symlink_to(target)
        repo.install()
        assert not place.is_symlink()
        repo.commit({"README.md": target})
        repo.pushed(RECORD=str(tmp_path / "record"))
        repo.amlcheck("hook", "uninstall")
        assert os.readlink(place) == target
        place.unlink()
    assert (tmp_path / "record").exists()
    assert (tmp_path / "shared-hook").read_text() == RECORDS


def test_core_hooks_path(repo: Repository, tmp_path: Path) -> None:
    repo.git("config", "core.hooksPath", "tools/hooks")
    (repo.path / "sub").mkdir()
    repo.install(cwd=repo.path / "sub")
    assert (repo.path / "tools/hooks/pre-push").is_file()
    assert not (repo.path / ".git/hooks/pre-push").exists()
    repo.write({"Dockerfile": BAD})
    repo.git("commit", "-qam", "bad")
    repo.stopped()
    repo.git("config", "--unset", "core.hooksPath")
    repo.git("config", "--global", "core.hooksPath", "~/my-hooks")
    result = repo.install()
    assert (tmp_path / "home/my-hooks/pre-push").is_file()
    assert "core.hooksPath is set in the global configuration" in result.out
    repo.stopped()
    repo.git("config", "--global", "core.hooksPath", "/dev/null")
    result = repo.amlcheck("hook", "install")
    assert (result.code, len(result.err.splitlines())) == (2, 1)
    assert "hooks are switched off" in result.err


def test_worktrees_share_the_hook(repo: Repository, tmp_path: Path) -> None:
    repo.git("worktree", "add", "-q", "-b", "side", str(tmp_path / "side"))
    side = Repository(tmp_path / "side", tmp_path / "home")
    side.install()
    assert (repo.path / ".git/hooks/pre-push").is_file()
    side.commit({"Dockerfile": BAD})
    side.stopped("origin", "side")
    side.commit({"Dockerfile": GOOD + "# one\n"})
    side.pushed("origin", "side")


def test_git_dir_and_a_bare_repository(repo: Repository, tmp_path: Path) -> None:
    env = {"GIT_DIR": "../clone/.git", "GIT_WORK_TREE": "../clone"}
    (tmp_path / "elsewhere").mkdir()
    words = (sys.executable, "-m", "amlcheck", "hook", "install")
    assert repo.run(words, cwd=tmp_path / "elsewhere", env=env).code == 0
    assert (repo.path / ".git/hooks/pre-push").is_file()
    bad = repo.commit({"Dockerfile": BAD})
    result = repo.run(("git", "push", "origin", "main"), cwd=tmp_path / "elsewhere", env=env)
    assert result.code != 0
    assert bad[:10] in result.err
    bare = Repository(tmp_path / "bare.git", tmp_path / "home")
    repo.git("clone", "-q", "--bare", str(repo.path), str(bare.path), cwd=tmp_path)
    bare.install()
    assert (bare.path / "hooks/pre-push").is_file()
    repo.git("remote", "add", "backup", str(tmp_path / "remote.git"), cwd=bare.path)
    assert "AML101" in bare.stopped("backup", "main:refs/heads/copy").err


def test_outside_of_a_repository(repo: Repository, tmp_path: Path) -> None:
    for command in ("install", "uninstall"):
        result = repo.amlcheck("hook", command, cwd=tmp_path)
        assert (result.code, len(result.err.splitlines())) == (2, 1)
        assert "not a git repository" in result.err
    result = repo.amlcheck("hook", "install", PATH="/nowhere")
    assert (result.code, result.err) == (2, "amlcheck: git: not found; install it, or put its folder on PATH\n")


def test_what_is_not_ours_or_was_changed_is_not_removed(repo: Repository) -> None:
    place = repo.path / ".git/hooks/pre-push"
    content = put(place, "#!/bin/sh\nexit 0\n")
    assert "is not amlcheck's" in repo.amlcheck("hook", "uninstall").out
    assert place.read_bytes() == content
    place.unlink()
    repo.install()
    with place.open("a") as file:
        file.write("echo mine\n")
    for command in ("install", "uninstall"):
        result = repo.amlcheck("hook", command)
        assert result.code == 2
        assert "was changed after it was installed" in result.err
    assert repo.amlcheck("hook", "uninstall", "--force").code == 0
    assert not place.exists()


def test_what_is_left_of_an_earlier_installation_is_not_overwritten(repo: Repository) -> None:
    hooks = repo.path / ".git/hooks"
    put(hooks / "pre-push.before-amlcheck", "#!/bin/sh\necho old\n")
    put(hooks / "pre-push", "#!/bin/sh\necho new\n")
    result = repo.amlcheck("hook", "install")
    assert result.code == 2
    assert "is left of an earlier installation" in result.err
    assert (hooks / "pre-push").read_text() == "#!/bin/sh\necho new\n"


@posix
def test_a_hooks_folder_that_cannot_be_written(repo: Repository) -> None:
    shutil.rmtree(repo.path / ".git/hooks")
    (repo.path / ".git/hooks").write_text("a file")
    result = repo.amlcheck("hook", "install")
    assert (result.code, len(result.err.splitlines())) == (2, 1)
    assert "cannot be written" in result.err


@posix
def test_amlcheck_that_is_gone_is_told_and_the_one_on_path_is_taken(repo: Repository, tmp_path: Path) -> None:
    repo.install()
    repo.commit({"Dockerfile": BAD})
    script = repo.path / ".git/hooks/pre-push"
    text = script.read_text().replace(sys.executable, str(tmp_path / "gone/python"))
    script.write_text(text)
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("git", "sh", "dirname", "cat", "printf"):
        os.symlink(shutil.which(name) or name, tools / name)
    result = repo.pushed("origin", "HEAD:refs/heads/a", PATH=str(tools))
    assert result.ours == [
        f"amlcheck: is not installed any more, this push is not checked: install it, or remove {script.relative_to(repo.path)}"
    ]
    put(tools / "amlcheck", f'#!/bin/sh\nexec {sys.executable} -m amlcheck "$@"\n')
    repo.commit({"Dockerfile": BAD + "# more\n"})
    repo.stopped("origin", "HEAD:refs/heads/b", PATH=str(tools))


@posix
def test_a_python_without_amlcheck_and_one_that_crashes(repo: Repository, tmp_path: Path) -> None:
    repo.install()
    repo.commit({"Dockerfile": BAD})
    result = repo.push("origin", "HEAD:refs/heads/a", PYTHONPATH=str(tmp_path), PATH=_without_amlcheck())
    if result.code:  # it is installed beside this clone
        assert "AML101" in result.err
    else:
        assert "is not installed any more" in result.err
    crashing = tmp_path / "crashing"
    put(crashing, "#!/bin/sh\nkill -KILL $$\n")
    script = repo.path / ".git/hooks/pre-push"
    script.write_text(script.read_text().replace(sys.executable, str(crashing)))
    result = repo.pushed("origin", "HEAD:refs/heads/b")
    assert result.ours == ["amlcheck: this push is not checked: it ended with code 137"]


def _without_amlcheck() -> str:
    folders = os.environ["PATH"].split(os.pathsep)
    return os.pathsep.join(folder for folder in folders if not (Path(folder) / "amlcheck").exists())


@posix
@pytest.mark.parametrize("shell", ["dash", "bash", "busybox"])
def test_the_script_is_plain_sh(repo: Repository, shell: str) -> None:
    found = shutil.which(shell)
    if found is None:
        lacking(f"no {shell} here")
    repo.install()
    script = repo.path / ".git/hooks/pre-push"
    commit = repo.commit({"Dockerfile": BAD})
    line = f"refs/heads/main {commit} refs/heads/main {'0' * 40}\n".encode()
    words = {"bash": (found, "--posix"), "busybox": (found, "sh")}.get(shell, (found,))
    result = repo.run((*words, script, "origin", "url"), given=line)
    assert (result.code, "AML101" in result.err) == (1, True)
    assert repo.run((*words, script, "origin", "url")).code == 0
    result = repo.run((*words, script, "origin", "url"), given=line, env={"AMLCHECK_SKIP": "yes"})
    assert (result.code, result.err) == (0, "amlcheck: skipped (AMLCHECK_SKIP is set): this push is not checked\n")
