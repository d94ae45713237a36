"""The build context: what .dockerignore leaves out, and that nothing outside the folder is ever read."""

from __future__ import annotations

from pathlib import Path

import pytest

from amlcheck.dockerfile.context import MAX_FILE, Context


def context(folder: Path, ignore: str = "", **files: str) -> Context:
    """A context with a .dockerignore."""
    (folder / ".dockerignore").write_text(ignore, encoding="utf-8")
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return Context(folder)


@pytest.mark.parametrize(
    ("ignore", "ignored", "sent"),
    [
        pytest.param("", [], ["a", ".git/config"], id="nothing"),
        pytest.param("a", ["a", "a/b", "a/b/c"], ["b/a", "ab", "A"], id="a name stands at the top only"),
        pytest.param("/a", ["a", "a/b"], ["b/a"], id="a leading slash"),
        pytest.param("a/", ["a", "a/b"], ["b/a"], id="a trailing slash"),
        pytest.param("./a/../b", ["b"], ["a"], id="dots"),
        pytest.param("a/b", ["a/b", "a/b/c"], ["a", "a/c", "b"], id="a path"),
        pytest.param("*.pyc", ["x.pyc", ".pyc"], ["a/x.pyc", "x.py"], id="a star stays in its folder"),
        pytest.param("*/x", ["a/x", "a/x/y"], ["x", "a/b/x"], id="a star for one folder"),
        pytest.param("**/*.pyc", ["x.pyc", "a/x.pyc", "a/b/x.pyc"], ["x.py"], id="two stars"),
        pytest.param("**/__pycache__", ["__pycache__", "a/__pycache__/x"], ["pycache"], id="two stars and a folder"),
        pytest.param("a/**", ["a/b", "a/b/c"], ["b", "ab"], id="two stars at the end"),
        pytest.param("a/**/z", ["a/z", "a/b/z", "a/b/c/z"], ["a/b", "z"], id="two stars in the middle"),
        pytest.param("**z", ["z", "a/z"], ["az"], id="two stars and no slash"),
        pytest.param("**", ["a", "a/b"], [], id="everything"),
        pytest.param("*", ["a", "a/b"], [], id="everything at the top"),
        pytest.param("a?c", ["abc", "a-c"], ["ac", "a/c", "abbc"], id="a question mark"),
        pytest.param("[ab]x", ["ax", "bx"], ["cx", "x"], id="brackets"),
        pytest.param("[^ab]x", ["cx"], ["ax", "bx"], id="brackets that exclude"),
        pytest.param("[!a]x", ["ax", "!x"], ["cx"], id="an exclamation mark in brackets is itself"),
        pytest.param("[[&&a]x", ["[x", "&x", "ax"], ["x"], id="signs in brackets"),
        pytest.param("[a-c]", ["a", "b", "c"], ["d", "-"], id="a range"),
        pytest.param("a.b", ["a.b"], ["axb"], id="a dot is a dot"),
        pytest.param("a+b(c)", ["a+b(c)"], ["aab(c)"], id="other signs are themselves"),
        pytest.param("a\\*b", ["a*b"], ["axb"], id="an escaped star"),
        pytest.param("[", ["["], ["a"], id="a broken pattern is taken as it is"),
        pytest.param("# a\na b \n\n", ["a b"], ["a", "# a"], id="comments and blanks"),
        pytest.param(" #a", ["#a"], ["a"], id="a comment starts the line"),
        pytest.param("a\r\nb\r\n", ["a", "b"], ["c"], id="CRLF"),
        pytest.param("\ufeffa\n", ["a"], [], id="a byte order mark"),
        pytest.param("*\n!a", ["b", "c/d"], ["a", "a/b"], id="an exception"),
        pytest.param("*\n!a/b", ["a/c", "b"], ["a/b", "a/b/c"], id="an exception below an ignored folder"),
        pytest.param("a\n!a/b\na/b/c", ["a", "a/d", "a/b/c"], ["a/b", "a/b/d"], id="the last word counts"),
        pytest.param("!a\na", ["a"], ["b"], id="an exception before its rule"),
        pytest.param("*\n!**/*.py", ["a.txt", "b/c.txt"], ["a.py", "b/c.py"], id="an exception with stars"),
        pytest.param("*\n! a ", ["b"], ["a"], id="an exception with blanks"),
        pytest.param("*\n!/a", ["b"], ["a"], id="an exception with a slash"),
        pytest.param(".\n!\n/", [], ["a"], id="lines that mean nothing"),
    ],
)
def test_what_dockerignore_leaves_out(tmp_path: Path, ignore: str, ignored: list[str], sent: list[str]) -> None:
    found = context(tmp_path, ignore)
    assert [path for path in ignored if not found.ignores(path)] == []
    assert [path for path in sent if found.ignores(path)] == []


def test_a_dockerfiles_own_dockerignore_goes_first(tmp_path: Path) -> None:
    context(tmp_path, "a")
    folder = tmp_path / "docker"
    folder.mkdir()
    (folder / "gpu.Dockerfile.dockerignore").write_text("b", encoding="utf-8")
    plain, own = Context(tmp_path), Context(tmp_path, folder / "gpu.Dockerfile")
    assert [plain.ignores("a"), plain.ignores("b")] == [True, False]
    assert [own.ignores("a"), own.ignores("b")] == [False, True]


def test_the_dockerignore_beside_a_dockerfile_without_a_folder_of_its_own(tmp_path: Path) -> None:
    context(tmp_path, "a")
    (tmp_path / "Dockerfile.dockerignore").write_text("b", encoding="utf-8")
    assert [Context(tmp_path).ignores("a"), Context(tmp_path).ignores("b")] == [False, True]


def test_without_a_dockerignore_everything_is_sent(tmp_path: Path) -> None:
    assert not Context(tmp_path).ignores("a")


def test_a_file_is_read_with_its_path_for_people(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "app"
    folder.mkdir()
    (folder / "a.txt").write_bytes("é\r\n".encode())
    found = Context(folder).read("a.txt")
    assert found is not None
    assert (found.text, found.path) == ("é\r\n", str(folder / "a.txt"))
    monkeypatch.chdir(tmp_path)
    below = Context(folder).read("./a.txt")
    assert below is not None
    assert below.path == "app/a.txt"


@pytest.mark.parametrize(
    "path", ["missing", "folder", "ignored", "ignored/../ignored", "folder/../missing", "\0", "a\0b"]
)
def test_what_is_not_there_or_not_sent_is_not_read(tmp_path: Path, path: str) -> None:
    (tmp_path / "folder").mkdir()
    assert context(tmp_path, "ignored", ignored="x").read(path) is None


@pytest.mark.parametrize("path", ["../secret", "../../secret", "/../secret", "a/../../secret", "..", "/etc/passwd"])
def test_nothing_outside_the_context_is_read(tmp_path: Path, path: str) -> None:
    folder = tmp_path / "context"
    folder.mkdir()
    (tmp_path / "secret").write_text("secret", encoding="utf-8")
    assert Context(folder).read(path) is None


def test_a_path_that_climbs_out_is_one_from_the_root_of_the_context(tmp_path: Path) -> None:
    found = context(tmp_path, a="x").read("../../a")
    assert found is not None
    assert found.text == "x"


@pytest.mark.parametrize("target", ["/etc/passwd", "../secret"])
def test_a_link_out_of_the_context_is_not_followed(tmp_path: Path, target: str) -> None:
    folder = tmp_path / "context"
    folder.mkdir()
    (tmp_path / "secret").write_text("secret", encoding="utf-8")
    (folder / "link").symlink_to(target)
    (folder / "up").symlink_to("..")
    assert Context(folder).read("link") is None
    assert Context(folder).read("up/secret") is None
    assert Context(folder).resolve("up") is None


def test_a_link_within_the_context_is_followed(tmp_path: Path) -> None:
    found = context(tmp_path, a="x")
    (tmp_path / "link").symlink_to("a")
    read = found.read("link")
    assert read is not None
    assert read.text == "x"


def test_a_link_to_itself_is_nothing(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    assert Context(tmp_path).read("loop") is None


@pytest.mark.parametrize(("size", "readable"), [(MAX_FILE, True), (MAX_FILE + 1, False)])
def test_a_file_may_be_a_megabyte(tmp_path: Path, size: int, readable: bool) -> None:
    (tmp_path / "a").write_bytes(b"x" * size)
    assert (Context(tmp_path).read("a") is not None) is readable


@pytest.mark.parametrize("content", [b"\xff\xfea\0", b"caf\xe9"])
def test_what_is_no_utf_8_is_not_read(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a").write_bytes(content)
    assert Context(tmp_path).read("a") is None


def test_the_folder_itself_is_the_context(tmp_path: Path) -> None:
    assert Context(tmp_path).resolve(".") == tmp_path
    assert Context(tmp_path).resolve("/") == tmp_path
