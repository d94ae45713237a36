"""Images in archives and layouts: the right one is found, or one sentence says why not."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import re
import shutil
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from amlcheck.errors import UnreadableError
from amlcheck.image import archive
from amlcheck.image.archive import open_stored
from amlcheck.image.overlay import tree_of
from amlcheck.image.tree import Wanted
from stored_images import (
    Layout,
    M,
    config_of,
    docker_archive,
    for_platform,
    hard,
    link,
    named,
    packed,
    sha256,
    tar_of,
    write_tar,
)

LOWER = tar_of(M("etc/os-release", b"ID=old\n"), M("etc/gone", b"x"))
UPPER = tar_of(M("etc/os-release", b"ID=ubuntu\n"), M("etc/.wh.gone"))


def os_release(transport: str, path: object, **options: str) -> bytes:
    with open_stored(transport, str(path), **options) as stored:
        tree = tree_of(stored, Wanted(("/etc/os-release",)))
        assert tree.lstat("/etc/gone") is None
        return tree.read("/etc/os-release")


def refused(transport: str, path: object, **options: str) -> str:
    with pytest.raises(UnreadableError) as caught:
        tree_of(open_stored(transport, str(path), **options), Wanted())
    said = str(caught.value)
    assert "\n" not in said
    assert said.isprintable()
    return said


def test_an_archive_of_docker_save(tmp_path: Path) -> None:
    path = docker_archive(tmp_path / "image.tar", [LOWER, UPPER])
    assert os_release("docker-archive", path) == b"ID=ubuntu\n"
    with open_stored("docker-archive", str(path)) as stored:
        assert stored.config.user == "someone"
        assert stored.config.platform == "linux/amd64"
        assert stored.digest == sha256(config_of([LOWER, UPPER]))
        assert [layer.diff_id for layer in stored.layers] == [sha256(LOWER), sha256(UPPER)]
        assert stored.name == f"docker-archive:{path}"


def test_layers_that_are_links_to_those_of_other_images(tmp_path: Path) -> None:
    config = config_of([LOWER, UPPER, UPPER])
    manifest = [{"Config": "config.json", "RepoTags": None, "Layers": ["1/layer.tar", "2/layer.tar", "3/layer.tar"]}]
    path = write_tar(
        tmp_path / "image.tar",
        {
            "0/layer.tar": LOWER,
            "1/layer.tar": link("1/layer.tar", "../0/layer.tar"),
            "./2/layer.tar": UPPER,
            "3/layer.tar": hard("3/layer.tar", "2/layer.tar"),
            "config.json": config,
            "manifest.json": json.dumps(manifest).encode(),
        },
    )
    assert os_release("docker-archive", path) == b"ID=ubuntu\n"


def test_an_archive_of_newer_docker_and_compressed_layers(tmp_path: Path) -> None:
    layout = Layout()
    layout.listed = [named(layout.image([LOWER, UPPER]), "1")]
    manifest = json.loads(layout.files["blobs/" + layout.listed[0]["digest"].replace(":", "/")])
    names = ["blobs/" + one["digest"].replace(":", "/") for one in (manifest["config"], *manifest["layers"])]
    layout.files["manifest.json"] = json.dumps(
        [{"Config": names[0], "RepoTags": ["test:1"], "Layers": names[1:]}]
    ).encode()
    path = layout.write_archive(tmp_path / "image.tar")
    assert os_release("docker-archive", path) == os_release("oci-archive", path) == b"ID=ubuntu\n"


@pytest.mark.parametrize("compression", ["", "gzip", "zstd"])
def test_a_layout_as_folder_and_as_archive(tmp_path: Path, compression: str) -> None:
    layout = Layout()
    layout.listed = [named(layout.image([LOWER, UPPER], compression), "latest")]
    folder, path = layout.write(tmp_path / "layout"), layout.write_archive(tmp_path / "layout.tar")
    for transport, place in (("oci", folder), ("oci-archive", path)):
        assert os_release(transport, place) == os_release(transport, f"{place}:latest") == b"ID=ubuntu\n"
        with open_stored(transport, str(place)) as stored:
            assert stored.digest == sha256(config_of([LOWER, UPPER]))
            assert stored.manifest_digest == layout.listed[0]["digest"]
            assert [layer.digest for layer in stored.layers] == [
                sha256(packed(one, compression)) for one in (LOWER, UPPER)
            ]


OTHER = [tar_of(M("etc/os-release", b"ID=other\n"))]


def test_several_images_in_an_archive_of_docker(tmp_path: Path) -> None:
    first, second = config_of([LOWER, UPPER]), config_of(OTHER)
    manifest = [
        {"Config": "1.json", "RepoTags": ["one:1", "registry.example:5000/team/one:2"], "Layers": ["a.tar", "b.tar"]},
        {"Config": "2.json", "RepoTags": ["docker.io/library/two:latest"], "Layers": ["c.tar"]},
        {"Config": "2.json", "RepoTags": None, "Layers": ["c.tar"]},
    ]
    path = write_tar(
        tmp_path / "image.tar",
        {
            "1.json": first, "2.json": second, "a.tar": LOWER, "b.tar": UPPER, "c.tar": OTHER[0],
            "manifest.json": json.dumps(manifest).encode(),
        },
    )  # fmt: skip
    for name in ("one:1", "docker.io/library/one:1", "library/one:1", "registry.example:5000/team/one:2", "@0"):
        assert os_release("docker-archive", f"{path}:{name}") == b"ID=ubuntu\n"
    for name in ("two", "two:latest", "index.docker.io/library/two:latest", "@2"):
        assert os_release("docker-archive", f"{path}:{name}") == b"ID=other\n"
    for name in ("", ":three", ":one:3", ":@3", ":@", ":@-1"):
        said = refused("docker-archive", f"{path}{name}")
        assert "one:1, registry.example:5000/team/one:2, docker.io/library/two:latest" in said


def test_several_images_in_a_layout(tmp_path: Path) -> None:
    layout = Layout()
    layout.listed = [named(layout.image([LOWER, UPPER]), "one"), named(layout.image(OTHER), "two")]
    path = layout.write(tmp_path / "layout")
    assert os_release("oci", f"{path}:one") == os_release("oci", f"{path}:@0") == b"ID=ubuntu\n"
    assert os_release("oci", f"{path}:two") == b"ID=other\n"
    assert "one, two" in refused("oci", path)
    assert "one, two" in refused("oci", f"{path}:three")


def test_two_names_of_one_image_are_one_image(tmp_path: Path) -> None:
    layout = Layout()
    described = layout.image([LOWER, UPPER])
    layout.listed = [named(described, "one"), named(described, "two")]
    assert os_release("oci", layout.write(tmp_path)) == b"ID=ubuntu\n"


def multi(layout: Layout) -> None:
    """An index in an index, with an attestation, as buildx writes it."""
    mine = for_platform(layout.image([LOWER, UPPER]), "linux", "amd64")
    other = for_platform(layout.image(OTHER, config=config_of(OTHER, architecture="arm64")), "linux", "arm64", "v8")
    attestation = for_platform(layout.image([], config=b"{}"), "unknown", "unknown")
    attestation["annotations"] = {"vnd.docker.reference.type": "attestation-manifest"}
    layout.listed = [named(layout.index(layout.index(other, mine), attestation), "latest")]


def test_an_image_for_several_platforms(tmp_path: Path) -> None:
    layout = Layout()
    multi(layout)
    path = layout.write_archive(tmp_path / "layout.tar")
    assert os_release("oci-archive", path) == os_release("oci-archive", path, platform="linux/amd64") == b"ID=ubuntu\n"
    for platform in ("linux/arm64", "linux/arm64/v8"):
        assert os_release("oci-archive", path, platform=platform) == b"ID=other\n"
    said = refused("oci-archive", path, platform="linux/s390x")
    assert "no image for linux/s390x" in said
    assert "linux/arm64/v8, linux/amd64" in said


def test_an_index_of_which_only_one_image_was_saved(tmp_path: Path) -> None:
    layout = Layout()
    multi(layout)
    for digest in [sha256(data) for data in layout.files.values() if b'"layers"' in data]:
        document = json.loads(layout.files["blobs/" + digest.replace(":", "/")])
        if document.get("layers") and len(document["layers"]) == 2:
            del layout.files["blobs/" + digest.replace(":", "/")]
    assert os_release("oci", layout.write(tmp_path)) == b"ID=other\n"


def test_the_only_image_is_taken_whatever_it_is_for(tmp_path: Path) -> None:
    path = docker_archive(tmp_path / "image.tar", OTHER, config=config_of(OTHER, architecture="arm64", os="linux"))
    assert os_release("docker-archive", path, platform="linux/amd64") == b"ID=other\n"
    layout = Layout()
    layout.listed = [layout.image(OTHER, config=config_of(OTHER, architecture="arm64"))]
    assert os_release("oci", layout.write(tmp_path / "layout")) == b"ID=other\n"


def test_platforms_that_only_configs_tell(tmp_path: Path) -> None:
    layout = Layout()
    layout.listed = [layout.image(OTHER, config=config_of(OTHER, architecture="arm64")), layout.image([LOWER, UPPER])]
    path = layout.write(tmp_path)
    assert os_release("oci", path) == b"ID=ubuntu\n"
    assert os_release("oci", path, platform="linux/arm64") == b"ID=other\n"
    layout.listed.append(layout.image([UPPER]))
    assert "2 images for linux/amd64" in refused("oci", layout.write(tmp_path))


def test_paths_with_colons(tmp_path: Path) -> None:
    path = docker_archive(tmp_path / "a:b.tar", [LOWER, UPPER])
    assert os_release("docker-archive", path) == os_release("docker-archive", f"{path}:test:1") == b"ID=ubuntu\n"


@pytest.mark.skipif(shutil.which("skopeo") is None, reason="skopeo is not installed")
@pytest.mark.parametrize("target", ["oci", "oci-archive", "docker-archive"])
@pytest.mark.parametrize("options", [[], ["--dest-compress-format=zstd"]], ids=["", "zstd"])
def test_what_skopeo_writes(tmp_path: Path, target: str, options: list[str]) -> None:
    source = docker_archive(tmp_path / "image.tar", [LOWER, UPPER])
    wanted = f"{target}:{tmp_path}/copy:name:tag" if target != "oci" else f"oci:{tmp_path}/copy:tag"
    subprocess.run(
        ["skopeo", "--insecure-policy", "copy", "--quiet", *options, f"docker-archive:{source}", wanted], check=True
    )
    assert os_release(target, tmp_path / "copy") == b"ID=ubuntu\n"
    transport, _, path = wanted.partition(":")
    assert os_release(transport, path) == b"ID=ubuntu\n"


# What is damaged, hostile, or something else


def pipe(path: Path) -> Path:
    os.mkfifo(path)
    return path


@pytest.mark.parametrize(
    ("transport", "make", "says"),
    [
        ("docker-archive", lambda path: path, "does not exist"),
        ("docker-archive", lambda path: path.mkdir() or path, "is a folder"),
        ("oci-archive", lambda path: path.mkdir() or path, "is a folder"),
        ("oci", lambda path: path.touch() or path, "is no folder"),
        ("oci", lambda path: path.mkdir() or path, "no OCI layout"),
        ("docker-archive", lambda path: path.touch() or path, "no archive of docker save"),
        ("oci-archive", lambda path: path.touch() or path, "no OCI layout"),
        ("docker-archive", lambda path: path.write_bytes(b"hello" * 1000) and path, "no tar archive"),
        ("docker-archive", lambda path: path.write_bytes(gzip.compress(b"hello")) and path, "gunzip"),
        ("oci-archive", lambda path: path.write_bytes(b"\x28\xb5\x2f\xfd" + bytes(99)) and path, "unzstd"),
        ("docker-archive", pipe, "no regular file"),
        ("docker-archive", lambda path: path.symlink_to("/dev/zero") or path, "no regular file"),
        ("docker-archive", lambda path: write_tar(path, {"manifest.json": b"{"}), "not JSON"),
        ("docker-archive", lambda path: write_tar(path, {"manifest.json": b"[" * 100_000}), "not JSON"),
        ("docker-archive", lambda path: write_tar(path, {"manifest.json": b"{}"}), "names no image"),
        ("docker-archive", lambda path: write_tar(path, {"manifest.json": b"[[]]"}), "names no image"),
        ("docker-archive", lambda path: write_tar(path, {"manifest.json": b"[{}]"}), "manifest.json is damaged"),
        ("docker-archive", lambda path: write_tar(path, {"manifest.json": b'[{"RepoTags": 5}]'}), "manifest.json is damaged"),
        ("docker-archive", lambda path: write_tar(path, {"manifest.json": b'[{"Config":"x","Layers":[1]}]'}), "is damaged"),
        ("docker-archive", lambda path: write_tar(path, {"manifest.json": b'[{"Config":"x","Layers":[]}]'}), "config x is not"),
        ("docker-archive", lambda path: write_tar(path, {"manifest.json": link("manifest.json", "manifest.json")}), "no mani"),
        ("docker-archive", lambda path: write_tar(path, {"manifest.json": link("manifest.json", "/etc/passwd")}), "no mani"),
        ("docker-archive", lambda path: write_tar(path, {"manifest.json": bytes(17 << 20)}), "more than 16777216 are not read"),
    ],
)  # fmt: skip
def test_what_is_no_image_is_told(tmp_path: Path, transport: str, make: Callable[[Path], Path], says: str) -> None:
    assert says in refused(transport, make(tmp_path / "image"))


@pytest.mark.parametrize(
    ("config", "says"),
    [
        (b"{", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[" * 50_000, "not JSON"),
        (b"[]", "no JSON object"),
        (b"{}", "does not tell the digests"),
        (b'{"rootfs": {"diff_ids": "all"}}', "does not tell the digests"),
        (b'{"rootfs": {"diff_ids": ["md5:0", 5]}}', "does not tell the digests"),
        (b'{"rootfs": {"diff_ids": []}}', "0 layers, its manifest of 2"),
        (config_of([UPPER, LOWER]), "digest"),
    ],
)
def test_configs_that_are_none(tmp_path: Path, config: bytes, says: str) -> None:
    assert says in refused("docker-archive", docker_archive(tmp_path / "image.tar", [LOWER, UPPER], config=config))
    layout = Layout()
    layout.listed = [layout.image([LOWER, UPPER], config=config)]
    assert says in refused("oci", layout.write(tmp_path / "layout"))


def test_a_config_that_does_not_fit_its_name(tmp_path: Path) -> None:
    name = hashlib.sha256(b"other").hexdigest() + ".json"
    manifest = [{"Config": name, "Layers": ["a"]}]
    files = {name: config_of([LOWER]), "a": LOWER, "manifest.json": json.dumps(manifest).encode()}
    assert f"config {name} has the digest" in refused("docker-archive", write_tar(tmp_path / "image.tar", files))


def test_a_layer_that_is_not_there(tmp_path: Path) -> None:
    files = {"c": config_of([LOWER]), "manifest.json": b'[{"Config": "c", "Layers": ["../../etc/passwd"]}]'}
    assert "layer 1 (../../etc/passwd) is not in it" in refused(
        "docker-archive", write_tar(tmp_path / "image.tar", files)
    )


def test_a_cut_archive(tmp_path: Path) -> None:
    path = docker_archive(tmp_path / "image.tar", [LOWER, UPPER])
    path.write_bytes(path.read_bytes()[:5000])
    assert "ends within a file" in refused("docker-archive", path)


def test_an_archive_of_too_many_members(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_MEMBERS", 100)
    path = write_tar(tmp_path / "image.tar", {f"{number}": b"" for number in range(200)})
    assert "more than 100 members" in refused("docker-archive", path)


def test_an_archive_that_changes_while_it_is_read(tmp_path: Path) -> None:
    path = docker_archive(tmp_path / "image.tar", [LOWER, UPPER])
    stored = open_stored("docker-archive", str(path))
    docker_archive(path, OTHER)
    with pytest.raises(UnreadableError, match="changed"):
        tree_of(stored, Wanted())


def blob(data: bytes) -> str:
    return "blobs/" + sha256(data).replace(":", "/")


def change(layout: Layout, old: str, new: str) -> None:
    for name in layout.files:
        layout.files[name] = layout.files[name].replace(old.encode(), new.encode())


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda layout: layout.listed.clear(), "it has no image"),
        (lambda layout: layout.listed[0].update(digest="sha256:../../../etc/passwd"), "a digest in it is none"),
        (lambda layout: layout.listed[0].update(digest="sha512:" + "a" * 128), "not one of sha256"),
        (lambda layout: layout.listed[0].update(digest=5), "a digest in it is none"),
        (lambda layout: layout.listed[0].update(digest="sha256:" + "0" * 64), f"sha256:{'0' * 64} is not in it"),
        (lambda layout: layout.listed.__setitem__(0, "text"), "a digest in it is none"),
        (lambda layout: layout.listed.extend(layout.listed * 2000), "its index is damaged"),
        (lambda layout: layout.listed.__setitem__(0, layout.blob(b"[]")), "is damaged"),
        (lambda layout: layout.listed.__setitem__(0, layout.blob(b"{")), "not JSON"),
        (lambda layout: layout.listed.__setitem__(0, layout.blob(b"{}")), "not read"),
        (lambda layout: layout.listed.__setitem__(0, layout.blob(b'{"manifests": {}}')), "its index is damaged"),
        (lambda layout: layout.listed.__setitem__(0, layout.blob(b'{"schemaVersion": 1, "fsLayers": []}')), "not read"),
        (lambda layout: change(layout, '"schemaVersion": 2', '"schemaVersion": 3'), "has the digest"),
        (lambda layout: layout.files.pop(blob(packed(UPPER, "gzip"))), "layer 2 .* is not in it"),
        (lambda layout: layout.files.update({blob(packed(UPPER, "gzip")): LOWER}), "its digest is"),
        (lambda layout: layout.files.pop(blob(config_of([LOWER, UPPER]))), "is not in it"),
    ],
)  # fmt: skip
def test_layouts_that_are_damaged(tmp_path: Path, damage: Callable[[Layout], object], says: str) -> None:
    layout = Layout()
    layout.listed = [layout.image([LOWER, UPPER])]
    damage(layout)
    for said in (
        refused("oci", layout.write(tmp_path / "layout")),
        refused("oci-archive", layout.write_archive(tmp_path / "layout.tar")),
    ):
        assert re.search(says, said)


def test_indexes_without_end(tmp_path: Path) -> None:
    layout = Layout()
    described = layout.image([LOWER])
    for _ in range(20):
        described = layout.index(described)
    layout.listed = [described]
    assert "in a circle" in refused("oci", layout.write(tmp_path))


@pytest.mark.parametrize("what", ["outside", "pipe", "device", "circle"])
def test_a_layout_of_links_to_what_is_no_business_of_it(tmp_path: Path, what: str) -> None:
    layout = Layout()
    layout.listed = [layout.image([LOWER, UPPER])]
    folder = layout.write(tmp_path / "layout")
    blob = folder / "blobs" / layout.listed[0]["digest"].replace(":", "/")
    secret = tmp_path / "secret"
    secret.write_bytes(blob.read_bytes())
    blob.unlink()
    if what == "pipe":
        os.mkfifo(blob)
    else:
        blob.symlink_to({"outside": secret, "device": "/dev/zero", "circle": blob}[what])
    assert refused("oci", folder)


def test_a_layout_whose_blobs_are_links_inside_it(tmp_path: Path) -> None:
    layout = Layout()
    layout.listed = [layout.image([LOWER, UPPER])]
    folder = layout.write(tmp_path / "layout")
    (folder / "blobs").rename(folder / "shared")
    (folder / "blobs").symlink_to("shared")
    assert os_release("oci", folder) == b"ID=ubuntu\n"


def test_names_from_an_archive_cannot_harm_a_terminal(tmp_path: Path) -> None:
    manifest = [{"Config": "\x1b[2Jc", "RepoTags": ["\x1b]0;x\x07:1\n"], "Layers": []}] * 2
    path = write_tar(tmp_path / "image.tar", {"manifest.json": json.dumps(manifest).encode()})
    refused("docker-archive", path)
    refused("docker-archive", f"{path}:@0")


def test_a_folder_of_layers_is_no_layer(tmp_path: Path) -> None:
    files: dict[str, bytes | M] = {
        "c": config_of([LOWER]),
        "layer": M("layer", type=tarfile.DIRTYPE),
        "manifest.json": b'[{"Config": "c", "Layers": ["layer"]}]',
    }
    assert "is not in it" in refused("docker-archive", write_tar(tmp_path / "image.tar", files))
