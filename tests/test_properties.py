"""Whatever is read ends, and raises only what it may: the targets of tests/fuzz, on what hypothesis makes up.

tests/fuzz/guided.py runs the same targets guided by coverage, for as long as one likes.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fuzz.targets import TARGETS

FOUND = Path(__file__).parent / "fuzz" / "found"
_WORDS = st.sampled_from(
    [
        b"FROM a\n", b"RUN ", b"<<EOF\n", b"\nEOF\n", b"\\\n", b"\n", b" ", b"\t", b"$(", b")", b"${A:-", b"}",
        b"{", b"[", b"]", b"'", b'"', b"`", b"if a; then ", b"fi;", b"for x in a b; do ", b"done;", b"case a in ",
        b"esac", b"&&", b"||", b";", b"|", b">", b"pip install ", b"apt-get install -y ", b"a==1.0", b"-r r.txt",
        b"a: ", b"- ", b"&x ", b"*x", b"<<: ", b"dependencies:\n", b"null", b"{}", b"[]", b",", b'"a":', b"1e999",
        b"-", b"\xff", b"\x00", b"\xc3\xa9", b"\xe2\x80\xa8", b"# escape=`\n", b"HTTP/1.1 200 OK\r\n",
        b"Content-Length: 9\r\n", b"o<NONCE\n", b"o\n>NONCE 0\n", b"e<NONCE\n", b"e\n>NONCE\n",
        b"Traceback (most recent call last):\n", b'  File "a.py", line 1, in f\n', b"ValueError: x\n",
        b"def init():\n", b"    pass\n", b"Environment(", b"sha256:", b"9" * 5000, b"Package: git\n",
        b"ID=ubuntu\n",
    ]
)  # fmt: skip
_INPUTS = st.one_of(st.binary(max_size=300), st.lists(_WORDS, max_size=25).map(b"".join))


@pytest.mark.parametrize("name", TARGETS)
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=_INPUTS)
def test_whatever_is_read_ends(name: str, data: bytes) -> None:
    TARGETS[name](data)


@pytest.mark.parametrize("path", sorted(FOUND.glob("*/*")), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_what_was_found_is_mended(path: Path) -> None:
    TARGETS[path.parent.name](path.read_bytes())
