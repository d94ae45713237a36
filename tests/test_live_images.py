"""The test images themselves: what live tests rest on."""

from __future__ import annotations

from collections.abc import Callable

import docker


def test_the_compliant_image_serves(docker_host: str, built: Callable[[str], str]) -> None:
    """Its server is the real one: it can be imported by the Python on PATH."""
    client = docker.DockerClient(base_url=docker_host)
    output = client.containers.run(
        built("compliant"),
        ["python", "-c", "import azureml_inference_server_http as s, sys; print(sys.prefix, s.__file__)"],
        network_mode="none",
        remove=True,
    )
    client.close()
    assert output.decode().split()[0] == "/opt/miniconda"
