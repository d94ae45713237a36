"""EXPOSE as Docker reads it: what is refused here is what an engine refuses."""

from __future__ import annotations

import io

import pytest

from amlcheck.dockerfile.ports import refusal
from private_engine import Engine

ACCEPTED = (
    "80 65535 0 080 80/tcp 80/UDP 80/sctp 80/ 8000-8010 8000-8010/udp 8080:80 :80 127.0.0.1:8080:80 [::1]:80:80 "
    "80-82:9000 8000-8001:9000"
)
REFUSED = (
    "65536 99999 foo -1 80/icmp /tcp 8010-8000 8000-70000 8000- -8000 70000:80 999.1.1.1:80:80 80: a:80 +80 0x50 80,81 1e3 "
    "8000-8001:9000-9005 80#c [80] ８０"
)
"""Seen with Docker 20.10 and read in BuildKit, frontend/dockerfile/dockerfile2llb/convert_expose.go."""


@pytest.mark.parametrize("word", ACCEPTED.split())
def test_accepted(word: str) -> None:
    assert refusal(word) is None


@pytest.mark.parametrize("word", REFUSED.split())
def test_refused(word: str) -> None:
    assert refusal(word)


def test_an_engine_says_the_same(engine_of_tests: Engine) -> None:
    import docker
    from docker.errors import BuildError

    client = docker.DockerClient(base_url=engine_of_tests.address)
    image, _ = client.images.build(fileobj=io.BytesIO(f"FROM scratch\nEXPOSE {ACCEPTED}\n".encode()), rm=True)
    client.images.remove(image.id)
    for word in REFUSED.split():
        with pytest.raises(BuildError, match=r"(?i)invalid|no port"):
            client.images.build(fileobj=io.BytesIO(f"FROM scratch\nEXPOSE {word}\n".encode()), rm=True)
