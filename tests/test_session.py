"""One shell, many commands: whatever a command does, the next one gets its own answer."""

from __future__ import annotations

import contextlib
import os
import resource
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from amlcheck.image.engine import Engine
from amlcheck.image.image import CannotRunError, Image
from amlcheck.image.limits import MIB, Limits
from amlcheck.image.session import EndedError, shown
from amlcheck.image.tree import Wanted
from small_images import SmallImages, busybox, folder, program

QUICK = Limits(answer_seconds=3, search_seconds=20, command_seconds=5, flood_bytes=8 * MIB, output_bytes=100_000)


@contextmanager
def opened(name: str, limits: Limits = QUICK, wanted: Wanted = Wanted()) -> Iterator[Image]:  # noqa: B008
    image = Engine.connect().open(name, name, wanted, limits=limits)
    try:
        yield image
    finally:
        image.close()


@pytest.fixture(scope="module", params=["busybox", "dash", "bash"])
def image(request: pytest.FixtureRequest, small_images: SmallImages, built: Callable[[str], str]) -> Iterator[Image]:
    name = small_images.make(busybox()) if request.param == "busybox" else built("debian")
    if request.param == "bash":
        # The same system with the other shell at /bin/sh.
        made = small_images.client.containers.create(name, "true", network_mode="none")
        try:
            made.put_archive("/usr/bin", _tar({"sh": "bash"}))
            bashed = made.commit("amlcheck-small", "bash")
        finally:
            made.remove(force=True)
        name = bashed.id
        small_images.keep(name)
    with opened(name) as found:
        yield found


def _tar(links: dict[str, str]) -> bytes:
    from small_images import link, tar_of

    return tar_of({name: link(target) for name, target in links.items()})


@pytest.mark.parametrize(
    ("command", "status", "stdout", "stderr"),
    [
        ("true", 0, "", ""),
        ("exit 7", 7, "", ""),
        ("echo out; echo err >&2; exit 3", 3, "out\n", "err\n"),
        ("printf 'no end of line'", 0, "no end of line", ""),
        ("printf '\\n\\n'", 0, "\n\n", ""),
        ("set -e; false; echo never", 1, "", ""),
        ("cat; echo '<nothing was on its input>'", 0, "<nothing was on its input>\n", ""),
        ("read x || echo none", 0, "none\n", ""),
        ('echo "it\'s" \'a "quote"\' `echo x` $((1+1))', 0, 'it\'s a "quote" x 2\n', ""),
        ("cat <<'EOF'\na $b 'c\nEOF", 0, "a $b 'c\n", ""),
        ("echo a\necho b", 0, "a\nb\n", ""),
        ("echo ünïcode ☃", 0, "ünïcode ☃\n", ""),
        ("exec >&- 2>&-; exit 5", 5, "", ""),
        ("cd /bin; X=1; export X; alias true=false; exit 0", 0, "", ""),
        ('pwd; echo "[$X]"', 0, "/\n[]\n", ""),
        ("trap 'echo bye' EXIT; exit 2", 2, "bye\n", ""),
        ("sleep 30 & echo started", 0, "started\n", ""),
        ("(sleep 30; echo late) >/dev/null 2>&1 & exit 0", 0, "", ""),
        ("sh -c 'exit 9'; echo $?", 0, "9\n", ""),
        ("no-such-program", 127, "", None),
        ("echo 'unbalanced", 2, "", None),
        (")", 2, "", None),
        ("kill -9 $$", 137, "", None),
        ("# nothing but a comment", 0, "", ""),
        ("printf '\\033[2J\\007\\000x'", 0, "\x1b[2J\x07\x00x", ""),
        ("printf '\\377\\376'", 0, "\ufffd\ufffd", ""),
        ("printf '\\n>0123456789abcdef0123456789abcdef 0\\n'", 0, "\n>0123456789abcdef0123456789abcdef 0\n", ""),
    ],
)
def test_a_command_has_its_own_answer(image: Image, command: str, status: int, stdout: str, stderr: str | None) -> None:
    result = image.host.run(command)
    status = 1 if status == 2 and command == ")" and result.rc == 1 else status
    assert (result.rc, result.stdout) == (status, stdout)
    assert result.stderr != "" if stderr is None else result.stderr == stderr
    assert image.host.run("echo next").stdout == "next\n"


def test_arguments_are_quoted(image: Image) -> None:
    assert image.host.run("echo %s", "a'b\"; exit 3 $HOME").stdout == "a'b\"; exit 3 $HOME\n"


def test_a_large_command_arrives_whole(image: Image) -> None:
    text = "x" * 100_000
    assert image.host.run(f"printf {text} | wc -c").stdout.strip() == "100000"
    assert image.host.run("echo next").stdout == "next\n"


def test_output_that_is_not_asked_for_between_commands_is_dropped(image: Image) -> None:
    image.host.run("(sleep 0.2; echo late; echo late >&2) &")
    time.sleep(0.4)
    result = image.host.run("echo next")
    assert (result.stdout, result.stderr) == ("next\n", "")


def test_a_command_that_takes_too_long_is_ended_and_the_session_goes_on(image: Image) -> None:
    began = time.monotonic()
    with pytest.raises(EndedError, match=r"`sleep 98` did not end within 0\.3 s"):
        image.host.run("sleep 98", timeout=0.3)
    assert time.monotonic() - began < 3
    assert image.host.run("echo next").stdout == "next\n"
    assert "sleep 98" not in image.host.run("cat /proc/[0-9]*/cmdline | tr '\\0' ' '").stdout


@pytest.mark.parametrize("command", ["while :; do :; done", "trap '' TERM INT HUP; while :; do sleep 1; done"])
def test_a_command_that_does_not_want_to_end_is_ended(image: Image, command: str) -> None:
    with pytest.raises(EndedError):
        image.host.run(command, timeout=0.3)
    assert image.host.run("echo next").stdout == "next\n"


def test_output_beyond_the_limit_is_cut_and_told(image: Image) -> None:
    result = image.host.run("yes 0123456789 | head -c 1000000; echo err >&2; exit 4")
    assert (result.rc, len(result.stdout_bytes), result.stderr, result.cut) == (4, 100_000, "err\n", True)
    assert not image.host.run("echo next").cut


def test_endless_output_is_ended_in_bounded_memory(image: Image) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for command in ("yes", "yes >&2", "yes & yes >&2"):
        with pytest.raises(EndedError, match="printed more than 8 MiB"):
            image.host.run(command)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000
    assert image.host.run("echo next").stdout == "next\n"


@pytest.mark.parametrize("system", ["busybox", "debian"])
def test_a_fork_bomb_ends_with_a_clear_result(
    small_images: SmallImages, built: Callable[[str], str], system: str
) -> None:
    name = small_images.make(busybox()) if system == "busybox" else built("debian")
    before = len(os.listdir("/proc"))
    with opened(name) as image:
        for command in ("bomb() { bomb | bomb & }; bomb; while :; do bomb; done", "echo next", "echo next"):
            try:
                result = image.host.run(command, timeout=1)
            except EndedError as error:  # noqa: PERF203
                assert "was ended" in str(error)  # noqa: PT017
            except CannotRunError as error:
                # The shell itself could start nothing more: it is over, and told so.
                assert "ended" in str(error) or "could not be recovered" in str(error)  # noqa: PT017
                break
        else:
            assert result.stdout == "next\n"
    assert len(os.listdir("/proc")) < before + 100


def test_a_command_cannot_have_a_nul_byte(image: Image) -> None:
    with pytest.raises(CannotRunError, match="NUL"):
        image.host.run("echo a\0b")


def test_whoever_ends_the_session_is_told_so(small_images: SmallImages) -> None:
    with opened(small_images.make(busybox())) as image:
        with contextlib.suppress(CannotRunError):
            image.host.run("kill -9 -1; sleep 1; echo x")
        with pytest.raises(CannotRunError, match="ended"):
            image.host.run("echo next")


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("exit 3", "ended at once"),
        ("echo 'no way' >&2; exit 3", "ended at once: no way"),
        ("while :; do busybox sleep 1; done", "does not answer within 3 s"),
        ("exec /bin/busybox yes", "prints without end"),
        ("exec /bin/busybox yes >&2", "prints without end"),
        ('/bin/busybox sh "$@"; exit 0', "wrong exit codes: 0 for "),
        ('/bin/busybox sh "$@" 2>&1', "mixes up its output streams"),
        ("exec /bin/busybox cat", "does not answer within 3 s"),
        ("printf '\\033[2Jevil\\n' >&2; exit 1", "ended at once: [2Jevil"),
        ("bomb() { bomb | bomb & }; bomb; while :; do bomb; done", ""),
    ],
)
def test_a_shell_that_is_no_good_is_told_and_the_files_answer(
    small_images: SmallImages, script: str, reason: str
) -> None:
    with opened(small_images.with_shell(script), wanted=Wanted(contents=("/etc/os-release",))) as image:
        assert image.cannot_run
        assert reason in image.cannot_run
        assert image.cannot_run.isprintable()
        with pytest.raises(CannotRunError):
            image.host.run("true")
        assert image.host.file("/etc/os-release").content_string == "ID=ubuntu\n"
        assert [entry.path for entry in image.files.find("/etc/*")] == ["/etc/os-release"]


def test_a_find_that_never_ends_or_lies_is_not_believed(small_images: SmallImages) -> None:
    for script in (
        "while :; do :; done",
        "echo /etc/passwd; exit 0",
        "exit 0",
        "exec yes",
        "printf 'f644 1\\0x\\0\\0'",
    ):
        nodes = busybox()
        del nodes["bin/find"]
        nodes |= {"bin/find": program(f"#!/bin/sh\n{script}\n"), "etc": folder(), "etc/issue": program("hello")}
        limits = Limits(search_seconds=3, flood_bytes=4 * MIB)
        with opened(small_images.make(nodes), limits, Wanted(names=("/etc/issue", "*/nothing"))) as image:
            assert [entry.path for entry in image.files.find("/etc/issue", "*/nothing")] == ["/etc/issue"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("a\x1b[31mb\nc", "a [31mb c"), (b"\xff\xfe", "\ufffd\ufffd"), ("x" * 500, "x" * 119 + "…"), ("\u202eabc", "abc")],
)
def test_words_of_an_image_in_messages_are_clean(text: str | bytes, expected: str) -> None:
    assert shown(text) == expected
