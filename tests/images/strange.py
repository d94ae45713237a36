"""Images that are unlike others: without a shell, for another architecture, or hostile to whoever looks into them."""

from __future__ import annotations

import shutil
import struct
from pathlib import Path

from images.definition import Definition, Generated

_X86_64_EXIT = bytes.fromhex("31ff b83c000000 0f05".replace(" ", ""))
"""xor edi, edi; mov eax, 60 (exit); syscall."""
_AARCH64_EXIT = struct.pack("<III", 0xD2800000, 0xD2800BA8, 0xD4000001)
"""mov x0, 0; mov x8, 93 (exit); svc 0."""


def static_program(machine: int, code: bytes) -> bytes:
    """The smallest ELF program for Linux: it runs `code` and needs nothing else."""
    base, header, segment = 0x400000, 64, 56
    size = header + segment + len(code)
    ident = b"\x7fELF" + bytes([2, 1, 1]) + bytes(9)
    elf = struct.pack(
        "<HHIQQQIHHHHHH", 2, machine, 1, base + header + segment, header, 0, 0, header, segment, 1, 0, 0, 0
    )
    load = struct.pack("<IIQQQQQQ", 1, 5, 0, base, base, size, size, 0x1000)
    return ident + elf + load + code


UBUNTU = 'ID=ubuntu\nVERSION_ID="22.04"\nPRETTY_NAME="Ubuntu 22.04.4 LTS"\n'
X86_64 = Generated("true", lambda: static_program(62, _X86_64_EXIT), executable=True)
AARCH64 = Generated("true", lambda: static_program(183, _AARCH64_EXIT), executable=True)
OS_RELEASE = Generated("os-release", UBUNTU.encode)


def _busybox() -> bytes:
    found = shutil.which("busybox")
    assert found is not None, "busybox-static is not installed"
    return Path(found).read_bytes()


BUSYBOX = Generated("busybox", _busybox, executable=True)

_CLAIM = 'LABEL amlcheck.fixture="claims to be Ubuntu 22.04"'
_HOSTILE = 'LABEL amlcheck.fixture="hostile; claims to be Ubuntu 22.04"'


def _hostile(name: str, *instructions: str) -> Definition:
    return Definition(name, "\n".join(["FROM amlcheck-test/busybox", _HOSTILE, *instructions]) + "\n")


def _shell(name: str, *lines: str) -> Definition:
    """An image in which every shell is this script, which busybox runs."""
    script = "\\n".join(["#!/bin/busybox sh", *lines]).replace("'", "'\\''")
    return _hostile(
        name,
        f"RUN printf '{script}\\n' > /bin/shell && chmod 755 /bin/shell && ln -sf shell /bin/bash && ln -sf shell /bin/sh",
    )


STRANGE = [
    Definition(
        "scratch",
        f'FROM scratch\n{_CLAIM}\nCOPY true /bin/true\nCOPY os-release /etc/os-release\nENTRYPOINT ["/bin/true"]\n',
        generated=(X86_64, OS_RELEASE),
    ),
    Definition(
        "busybox",
        f"FROM scratch\n{_CLAIM}\nCOPY busybox /bin/busybox\nCOPY os-release /etc/os-release\n"
        'RUN ["/bin/busybox", "--install", "-s", "/bin"]\nCMD ["/bin/sh"]\n',
        generated=(BUSYBOX, OS_RELEASE),
    ),
    Definition(
        "arm64",
        f'FROM scratch\n{_CLAIM}\nCOPY true /bin/sh\nCOPY os-release /etc/os-release\nCMD ["/bin/sh"]\n',
        generated=(AARCH64, OS_RELEASE),
        platform="linux/arm64",
    ),
    _shell("endless-shell", "exec /bin/busybox yes 0123456789abcdefghijklmnopqrstuvwxyz"),
    _shell("endless-error-shell", "exec /bin/busybox yes 0123456789abcdefghijklmnopqrstuvwxyz >&2"),
    _shell("fork-bomb-shell", "bomb() { bomb | bomb & }", "bomb", "while :; do bomb; done"),
    _shell("hanging-shell", "trap : INT TERM HUP", "while :; do /bin/busybox sleep 3600; done"),
    _shell("dying-shell", "read line", "exit 0"),
    _shell("memory-shell", "x=0123456789", "while :; do x=$x$x; done"),
    # Every command "succeeds", and says what it was asked to run, so that whatever marks the end of an answer is forged.
    _shell("lying-shell", "while read -r line; do", 'echo "$line 0"', 'eval "$line"', "true", "done"),
    _shell("lying-exit-shell", '"/bin/busybox" sh "$@"', "exit 0"),
    _shell("forging-shell", 'while read -r line; do echo "$line"; echo "$line" >&2; echo 0; done'),
    _hostile(
        "escapes",
        r"""RUN printf 'ID=ubuntu\nVERSION_ID="14.04\033[2J\033]0;owned\007\033[31m"\n"""
        r"""PRETTY_NAME="\033[1A\033[2KUbuntu 22.04\r\b\b\302\233[31m"\n' > /etc/os-release""",
    ),
    _hostile("gigabyte", "RUN truncate -s 1G /etc/os-release"),
    _hostile("endless-line", "RUN tr '\\\\000' x < /dev/zero | head -c 100000000 > /etc/os-release"),
    _hostile(
        "links",
        "RUN rm /etc/os-release && ln -s ../../../../../../../../etc/passwd /etc/os-release && mkdir -p /opt /usr/local /root"
        " && ln -s / /opt/miniconda && ln -s .. /opt/conda && ln -s cuda /usr/local/cuda && ln -s /proc/self/root /root/up"
        " && mkdir -p /usr/lib && ln -s /proc/1/root/etc/os-release /usr/lib/os-release",
    ),
    _hostile("fifo", "RUN rm /etc/os-release && mkfifo /etc/os-release"),
]

HOSTILE_SHELLS = [definition.name for definition in STRANGE if definition.name.endswith("-shell")]
