"""`amlcheck report` in a real pseudo-terminal, looked at as a user sees it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import amlcheck

pytest.importorskip("termios")
from virtual_terminal import VirtualTerminal
from virtual_terminal import amlcheck as command

SOURCE = str(Path(amlcheck.__file__).resolve().parent.parent)
UP, DOWN, RIGHT, LEFT, PAGE_DOWN, ENTER, ESC = "\x1b[A", "\x1b[B", "\x1b[C", "\x1b[D", "\x1b[6~", "\r", "\x1b"
CTRL_C, CTRL_Z = "\x03", "\x1a"

OLD = """\
FROM ubuntu:14.04
ENV PATH=/opt/conda/bin:$PATH
RUN wget -q https://repo.anaconda.com/miniconda/Miniconda3-py310_23.3.1-0-Linux-x86_64.sh -O /tmp/conda.sh && \\
    bash /tmp/conda.sh -b -p /opt/conda
RUN pip install azureml-defaults==1.62.0
"""
GOOD = OLD.replace("14.04", "22.04")
QUIET = '[rules]\nAML205 = "off"\nAML207 = "off"\n'


def environment(**more: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "COVERAGE_PROCESS_START") if name in os.environ}
    return {
        **kept,
        "PYTHONPATH": SOURCE,
        "PYTHONWARNINGS": "error",
        "TERM": "xterm-256color",
        "LANG": "C.UTF-8",
        **more,
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two Dockerfiles, one of which is fine."""
    (tmp_path / "amlcheck.toml").write_text(QUIET)
    for name, text in (("old", OLD), ("good", GOOD)):
        (tmp_path / f"{name}.Dockerfile").write_text(text)
    return tmp_path


def start(
    folder: Path,
    *arguments: str,
    columns: int = 80,
    rows: int = 24,
    shell: bool = False,
    env: dict[str, str] | None = None,
) -> VirtualTerminal:
    environ = environment(**(env or {}))
    return VirtualTerminal(command("report", *arguments), folder, environ, columns, rows, shell=shell)


def result(folder: Path) -> Path:
    """What `amlcheck lint --format json` writes of the folder."""
    path = folder / "result.json"
    with path.open("wb") as file:
        subprocess.run(command("lint", "--format", "json"), cwd=folder, env=environment(), stdout=file, check=False)
    return path


def printed(folder: Path, *arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        command("report", *arguments), cwd=folder, env=environment(), input=stdin, capture_output=True, check=False
    )


# --- what is seen ----------------------------------------------------------------------------------------------------


def test_matrix_then_a_page_then_back_then_out(folder: Path) -> None:
    with start(folder) as terminal:
        terminal.shows("amlcheck · azureml-2021-04 · 2 subjects", "1 violated", "? help", "q quit")
        first, second = [line.split() for line in terminal.lines[2:4]]
        assert first[:3] == [">", "good.Dockerfile", "ok"] or first[0] == ">"
        assert second[0] == "old.Dockerfile"
        terminal.press("n").shows("[FAIL]", "violated[AML101] ubuntu: 14.04 is not >=16.04")
        terminal.press(ENTER).shows("old.Dockerfile:1:6", "1 | FROM ubuntu:14.04", "|      ^^^^^^^^^^^^")
        terminal.press("e").shows("Explanation (amlcheck explain AML101)", "WHAT IT ASKS")
        terminal.press(ESC).shows("2 subjects")
        terminal.press("q")
        assert terminal.ends() == 1
        assert terminal.restored()
    assert (folder / "old.Dockerfile").read_text() == OLD


def test_search_and_filters(folder: Path) -> None:
    with start(folder) as terminal:
        terminal.shows("old.Dockerfile", "good.Dockerfile")
        terminal.press("/", "o", "l", "d").lacks("good.Dockerfile").shows("/old")
        terminal.press(ENTER).shows("shown: /old", "1 of 2 subjects")
        terminal.press("c").shows("good.Dockerfile", "everything is shown")
        terminal.press("v").shows("without undecided", "1 of 2 subjects")
        terminal.press("f").shows("show     [ ] met", "show     [x] violated")
        terminal.press(DOWN, DOWN, " ").shows("(*) error")
        terminal.press(ENTER).shows("errors only")


def test_help(folder: Path) -> None:
    with start(folder) as terminal:
        terminal.shows("? help").press("?").shows("arrows, h j k l", "PageUp, PageDown")
        terminal.press(PAGE_DOWN).shows("suspend").press("q").shows("2 subjects")


def test_keys_of_vi_and_arrows_do_the_same(folder: Path) -> None:
    seen = []
    for down, right in (("j", "l"), (DOWN, RIGHT)):
        with start(folder) as terminal:
            terminal.shows("2 subjects").press("0", right, right, down).shows("> old.Dockerfile")
            seen.append(terminal.shows("[ok]").lines)
    assert seen[0] == seen[1]


@pytest.mark.parametrize(("columns", "rows"), [(40, 10), (200, 60), (20, 4)])
def test_sizes(columns: int, rows: int, folder: Path) -> None:
    with start(folder, columns=columns, rows=rows) as terminal:
        terminal.shows("1 violated" if columns > 20 else "1 vio", "q quit")
        terminal.press("n").shows("[FAIL]").press(ENTER).shows("q back").press("q").shows("q quit").press("q")
        assert terminal.ends() == 1
        assert terminal.restored()


def test_resize(folder: Path) -> None:
    with start(folder) as terminal:
        terminal.shows("2 subjects", "q quit").press("n").shows("[FAIL]")
        terminal.resize(120, 40).until(lambda: terminal.lines[39].endswith("q quit")).shows("2 subjects", "[FAIL]")
        assert terminal.text.count("q quit") == 1
        terminal.resize(50, 12).until(lambda: terminal.lines[11].endswith("q quit")).shows("[FAIL]")


@pytest.mark.parametrize(
    ("arguments", "env", "coloured"),
    [((), {}, True), ((), {"NO_COLOR": "1"}, False), (("--color", "never"), {}, False)],
)
def test_colour(arguments: tuple[str, ...], env: dict[str, str], coloured: bool, folder: Path) -> None:
    with start(folder, *arguments, env=env) as terminal:
        terminal.shows("FAIL").press("n").shows("[FAIL]")
        assert bool(re.search(rb"\x1b\[[0-9;]*3[0-7]m", terminal.sent)) is coloured
        assert any("amlcheck" in text for text in terminal.reverse)


def test_no_escape_of_a_file_reaches_the_terminal(tmp_path: Path) -> None:
    evil = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202e"
    (tmp_path / "Dockerfile").write_text(
        f"FROM ubuntu:14.04{evil}\nRUN echo {evil} && pip install azureml-defaults{evil}\n"
    )
    (tmp_path / f"evil{evil.replace('/', '')}.Dockerfile").write_text(f"FROM {evil}\n")
    with start(tmp_path) as terminal:
        terminal.shows("2 subjects").press("\t").shows("all of them")
        for _ in range(8):
            terminal.press(ENTER).shows("q back").press("e", "w", "q").shows("/").press("j")
        terminal.press("Q")
        terminal.ends()
        ours = re.sub(r"\x1b\[[0-9;]*[mHJK]|\x1b\[\?(?:1049|7|25)[hl]", "", terminal.sent.decode())
        assert "owned" in ours
        assert re.findall(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e]", ours) == []


# --- what is done ----------------------------------------------------------------------------------------------------


def test_a_file_that_was_mended_elsewhere_is_checked_again(folder: Path) -> None:
    with start(folder) as terminal:
        terminal.shows("1 violated")
        (folder / "old.Dockerfile").write_text(GOOD)
        terminal.press("R").shows("checked again").lacks("1 violated")
        terminal.press("q")
        assert terminal.ends() == printed(folder).returncode


FUSE = GOOD + "RUN apt-get update && apt-get install -y fuse\n"
FIXED = FUSE.replace("-y fuse", "-y fuse libfuse-dev")


def test_safe_fix_is_shown_and_applied_by_a_key(folder: Path) -> None:
    path = folder / "good.Dockerfile"
    path.write_bytes(FUSE.encode())
    path.chmod(0o640)
    with start(folder, "good.Dockerfile") as terminal:
        terminal.shows("1 subject ").press("\t").shows("AML206 fix ")
        terminal.press("/", *"AML206", ENTER).shows("1/1").press(ENTER).shows("q back", "fuse is installed")
        terminal.press("x").shows("(a applies it)", "-RUN apt-get update && apt-get install -y fuse", "libfuse-dev")
        assert path.read_bytes() == FUSE.encode()
        terminal.press("a").shows("written to good.Dockerfile")
        assert path.read_bytes() == FIXED.encode()
        assert path.stat().st_mode & 0o777 == 0o640
        terminal.lacks("AML206 fix").press("Q")
        terminal.ends()
    assert sorted(item.name for item in folder.iterdir()) == ["amlcheck.toml", "good.Dockerfile", "old.Dockerfile"]


def test_unsafe_fix_is_asked_about(folder: Path) -> None:
    path = folder / "old.Dockerfile"
    with start(folder) as terminal:
        terminal.shows("1 violated").press("n").shows("(a: apply a fix)").press("a")
        terminal.shows("unsafe fix, the image may change", "[y/N]").press("n").shows("nothing was changed")
        assert path.read_text() == OLD
        terminal.press("a").shows("[y/N]").press("y").shows("written to old.Dockerfile").lacks("1 violated")
        assert path.read_text() == GOOD
        terminal.press("q")
        assert terminal.ends() == printed(folder).returncode == 0


def test_all_safe_fixes_at_once(folder: Path) -> None:
    for name in ("old", "good"):
        (folder / f"{name}.Dockerfile").write_text(FUSE)
    with start(folder) as terminal:
        terminal.shows("2 subjects").press("A").shows("write all safe fixes of 2 files? [y/N]").press("y")
        terminal.shows("2 repaired in")
    for name in ("old", "good"):
        assert (folder / f"{name}.Dockerfile").read_text() == FIXED


def test_file_that_was_changed_meanwhile_is_not_written(folder: Path) -> None:
    path = folder / "old.Dockerfile"
    with start(folder) as terminal:
        terminal.shows("1 violated").press("n").shows("(a: apply a fix)").press("a").shows("[y/N]")
        path.write_text("# mine\n" + OLD)
        terminal.press("y").lacks("[y/N]").lacks("applying")
        assert path.read_text() == "# mine\n" + OLD
        terminal.press("R").shows("checked again").press("a").shows("[y/N]").press("y").shows("written to")
        assert path.read_text() == "# mine\n" + GOOD


def test_fix_of_a_result_is_always_asked_about_and_only_below_this_folder(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    (folder / "good.Dockerfile").write_text(FUSE)
    result_with_fixes = subprocess.run(
        command("report", "good.Dockerfile", "--format", "json"),
        cwd=folder,
        env=environment(),
        capture_output=True,
        check=False,
    ).stdout
    (folder / "result.json").write_bytes(result_with_fixes)
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "Dockerfile"
    elsewhere.write_text(FUSE)
    (folder / "evil.json").write_bytes(result_with_fixes.replace(b"good.Dockerfile", str(elsewhere).encode()))
    for name, says in (("evil.json", "is not below this folder"), ("result.json", "written to good.Dockerfile")):
        with start(folder, name, columns=250) as terminal:
            terminal.shows("1 subject ").press("\t", "/", *"AML206", ENTER).shows("1/1").press("a")
            terminal.shows("[y/N]").press("y").shows(says)
    assert elsewhere.read_text() == FUSE
    assert (folder / "good.Dockerfile").read_text() == FIXED


# --- how it ends -----------------------------------------------------------------------------------------------------


def test_ctrl_c(folder: Path) -> None:
    with start(folder) as terminal:
        terminal.shows("2 subjects").press(CTRL_C)
        assert terminal.ends() == 130
        assert terminal.restored()
        assert terminal.sent.endswith(b"amlcheck: interrupted\r\n")
        assert b"Traceback" not in terminal.sent


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_signals_that_end(number: signal.Signals, folder: Path) -> None:
    with start(folder) as terminal:
        terminal.shows("2 subjects").signal(number)
        assert terminal.ends() == -number
        assert terminal.restored()


@pytest.mark.parametrize("how", ["key", "SIGSTOP"])
def test_suspend_and_resume(how: str, folder: Path) -> None:
    with start(folder, shell=True) as terminal:
        terminal.shows("2 subjects").press("n").shows("[FAIL]")
        if how == "key":
            terminal.press(CTRL_Z).stopped().until(terminal.restored)
        else:
            terminal.signal(signal.SIGSTOP).stopped()
        before = len(terminal.sent)
        terminal.signal(signal.SIGCONT).shows("[FAIL]")
        terminal.press("?").shows("arrows, h j k l")
        assert b"\x1b[?1049h" in terminal.sent[before:]
        terminal.press("Q")
        assert terminal.ends() == 1
        assert terminal.restored()


def test_crash_leaves_the_terminal_as_it_was(folder: Path) -> None:
    crash = "import sys\nfrom amlcheck.explorer import session\n"
    crash += "def fail(*_): raise RuntimeError('a fault')\nsession.press = fail\n"
    crash += "from amlcheck.cli import main\nsys.exit(main(['report']))"
    with VirtualTerminal([sys.executable, "-c", crash], folder, environment()) as terminal:
        terminal.shows("2 subjects").press("j")
        assert terminal.ends() == 2
        assert terminal.restored()
        assert "RuntimeError: a fault" in terminal.text


# --- where there is no terminal --------------------------------------------------------------------------------------


def test_without_a_terminal_it_prints(folder: Path) -> None:
    done = printed(folder)
    out = done.stdout.decode()
    assert (done.returncode, done.stderr) == (1, b"")
    assert "\x1b" not in out
    assert out.splitlines()[0].split()[:3] == ["ubuntu", "conda", "python"]
    assert re.search(r"^  old\.Dockerfile +FAIL +ok ", out, re.MULTILINE)
    assert "violated" in out
    assert "error[AML101] ubuntu: 14.04 is not >=16.04" in out
    assert "1 | FROM ubuntu:14.04" in out


def test_a_terminal_that_can_do_nothing_is_printed_to(folder: Path) -> None:
    with start(folder, env={"TERM": "dumb"}) as terminal:
        assert terminal.ends() == 1
        assert b"\x1b" not in terminal.sent
        assert b"error[AML101]" in terminal.sent


def test_print_on_a_terminal(folder: Path) -> None:
    with start(folder, "--print", rows=60) as terminal:
        assert terminal.ends() == 1
        assert b"\x1b[?1049h" not in terminal.sent
        terminal.shows("error[AML101]")


def test_other_formats(folder: Path) -> None:
    done = printed(folder, "--format", "json")
    assert done.returncode == 1
    assert [subject["subject"] for subject in json.loads(done.stdout)["subjects"]] == [
        "good.Dockerfile",
        "old.Dockerfile",
    ]


# --- results ---------------------------------------------------------------------------------------------------------


def test_result(folder: Path) -> None:
    path = result(folder)
    with start(folder, str(path.name)) as terminal:
        terminal.shows("2 subjects", "1 violated").press("n", ENTER)
        terminal.shows("1 | FROM ubuntu:14.04", "2 | ENV PATH", "^^^^^^^^^^^^")
        terminal.press("R").shows("only what was read from files can be checked again")
        terminal.press("Q")
        assert terminal.ends() == 1


def test_result_of_files_that_have_changed_shows_what_was_checked(folder: Path) -> None:
    path = result(folder)
    (folder / "old.Dockerfile").write_text("# another line\n" + OLD)
    with start(folder, str(path.name)) as terminal:
        terminal.shows("1 violated").press("n", ENTER)
        terminal.shows("1 | FROM ubuntu:14.04").lacks("ENV PATH", "another line")


def test_result_from_standard_input(folder: Path) -> None:
    content = result(folder).read_bytes()
    environ = environment()
    with VirtualTerminal(command("report", "-"), folder, environ, stdin=content) as terminal:
        terminal.shows("2 subjects", "1 violated").press("n").shows("[FAIL]").press("q")
        assert terminal.ends() == 1
        assert terminal.restored()
    assert b"error[AML101]" in printed(folder, "-", stdin=content).stdout


def test_options_say_what_fails_in_a_result(folder: Path) -> None:
    path = str(result(folder))
    assert printed(folder, path).returncode == 1
    assert printed(folder, path, "--fail-on", "never", "--allow-undecided").returncode == 0


def test_what_is_named_twice_is_shown_once(folder: Path) -> None:
    path = result(folder)
    once = printed(folder, str(path))
    assert printed(folder, str(path), f"./{path.name}", str(path.resolve())).stdout == once.stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["missing.json"], "missing.json: there is no such file or folder"),
        (["./nothing"], "./nothing: there is no such file or folder"),
        (["missing.sarif"], "missing.sarif: there is no such file or folder"),
        (["missing"], "missing: there is no such file or folder here, and no such image in a local engine"),
        (["sub/missing"], "an image of a registry is asked for with its tag (sub/missing:latest)"),
        (["broken.json"], "broken.json"),
        (["result.json", "--profile", "azureml-v2"], "--profile: result.json is a result"),
        (["-", "-"], "standard input can be read once"),
    ],
)
def test_refused(arguments: list[str], says: str, folder: Path) -> None:
    result(folder)
    (folder / "broken.json").write_text('{"schema": "amlcheck/1", ')
    done = printed(folder, *arguments)
    assert (done.returncode, done.stdout) == (2, b"")
    assert says in done.stderr.decode()
    assert done.stderr.count(b"\n") == 1


def test_a_result_reads_no_file_elsewhere_and_no_pipe(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A result is anybody's: it cannot have a file shown or written that is not below this folder."""
    secret = tmp_path_factory.mktemp("elsewhere") / "secret"
    secret.write_text("FROM ubuntu:14.04\nTOP SECRET\n")
    os.mkfifo(folder / "pipe")
    data = json.loads(result(folder).read_text())
    for target in (str(secret), "pipe", "/dev/zero", "../../etc/passwd"):
        text = json.dumps(data).replace("old.Dockerfile", target)
        (folder / "evil.json").write_text(text)
        with start(folder, "evil.json") as terminal:
            terminal.shows("1 violated").press("n", ENTER).shows("1 | FROM ubuntu:14.04").lacks("TOP SECRET")
