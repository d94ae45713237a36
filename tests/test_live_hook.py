"""`amlcheck-image`: what a pushed Dockerfile builds is looked into, from the commit, and nothing of it stays."""

from __future__ import annotations

from pathlib import Path

from git_support import new_repository
from small_images import SmallImages, busybox, folder, program

SCRIPT = "#!/bin/sh\necho 'ID=alpine' > /etc/os-release\n"


def test_an_image_that_is_not_what_it_should_be_stops_the_push(
    tmp_path: Path, small_images: SmallImages, docker_host: str
) -> None:
    base = small_images.make({**busybox(), "etc": folder(), "etc/marker": program("")})
    repo = new_repository(tmp_path)
    repo.env["DOCKER_HOST"] = docker_host
    dockerfile = f"FROM {base}\nCOPY set.sh /set.sh\nRUN /set.sh\n"
    repo.write({"app/Dockerfile": dockerfile, "app/set.sh": SCRIPT})
    (repo.path / "app/set.sh").chmod(0o755)
    repo.commit({})
    repo.write({"app/set.sh": "exit 1\n"})
    before = _images(small_images)
    repo.install()
    assert "undecided" in repo.pushed("origin", "HEAD:refs/heads/a").ours[0]
    assert repo.amlcheck("hook", "install", "--image").code == 0
    repo.git("checkout", "-q", ".")
    repo.commit({"app/Dockerfile": dockerfile + "# two\n"})
    repo.write({"app/set.sh": "exit 1\n"})
    result = repo.stopped("origin", "HEAD:refs/heads/b")
    assert "/etc/os-release: ID=alpine" in result.err
    assert "stopped:" in result.err
    assert "in app/Dockerfile of commit" in result.err
    assert _images(small_images) == before


def test_what_cannot_be_built_or_has_no_engine_goes_on(
    tmp_path: Path, small_images: SmallImages, docker_host: str
) -> None:
    base = small_images.make(busybox())
    repo = new_repository(tmp_path)
    repo.commit({"Dockerfile": f"FROM {base}\nRUN exit 7\n"})
    assert repo.amlcheck("hook", "install", "--image").code == 0
    result = repo.pushed("origin", "HEAD:refs/heads/a", DOCKER_HOST=docker_host)
    assert "not checked: the image of Dockerfile: The command" in result.err
    repo.commit({"Dockerfile": f"FROM {base}\nRUN exit 8\n"})
    result = repo.pushed("origin", "HEAD:refs/heads/b", DOCKER_HOST=f"unix://{tmp_path}/none")
    assert "not checked: the image of Dockerfile: no container engine answers" in result.err


def _images(small_images: SmallImages) -> set[str]:
    """All but what other tests build at the same time."""
    found = small_images.client.api.images(all=True)
    return {name for image in found for name in image["RepoTags"] or () if name.startswith("amlcheck-built")}
