"""Stages and what they contain: ARG and ENV, targets, COPY between stages, files of the build context, and every installer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from amlcheck.catalog import Catalog
from amlcheck.dockerfile.build import Builder
from amlcheck.dockerfile.built import Built, Package
from amlcheck.dockerfile.context import Context
from amlcheck.dockerfile.plan import make_plan
from amlcheck.dockerfile.reader import read
from amlcheck.errors import AmlcheckError
from amlcheck.model import SubjectReport, Verdict

Build = Callable[..., Built]
Lint = Callable[..., SubjectReport]
CONDA = (
    "RUN wget -q https://repo.anaconda.com/miniconda/Miniconda3-4.7.12-Linux-x86_64.sh -O /tmp/conda.sh "
    "&& bash /tmp/conda.sh -b -p /opt/conda\n"
)


@pytest.fixture
def build(known: Catalog, tmp_path: Path) -> Build:
    """Follows a Dockerfile: `build(text, files={"requirements.txt": "flask"}, target=…, build_args=…)`."""

    def run(
        text: str,
        files: Mapping[str, str] | None = None,
        target: str = "",
        build_args: Mapping[str, str] | None = None,
        context: bool = True,
    ) -> Built:
        for name, content in (files or {}).items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode())
        plan = make_plan(read("Dockerfile", text), target, build_args)
        return Builder(plan, known.knowledge, Context(tmp_path) if context else None).target()

    return run


def shown(package: Package) -> str:
    """A package in one line: "pip flask 2.0 /opt/conda", and what is to be said of it."""
    version = package.versions.text if package.versions is not None else "-"
    parts = [package.manager, package.name, version, package.place or "somewhere"]
    parts += (
        ["removed"] * package.removed
        + ["perhaps"] * (not package.certain)
        + [f"({package.unknown})"] * bool(package.unknown)
    )
    return " ".join(parts)


def packages(built: Built) -> list[str]:
    return [shown(package) for package in built.packages]


def reasons(built: Built) -> list[str]:
    """Why something cannot be followed."""
    return [item.reason for item in built.opaque]


# --- ARG and ENV ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "version"),
    [
        pytest.param("FROM ubuntu:18.04\nARG V=1.0\nRUN pip install flask==$V\n", "1.0", id="ARG"),
        pytest.param("FROM ubuntu:18.04\nENV V=1.0\nRUN pip install flask==$V\n", "1.0", id="ENV"),
        pytest.param("FROM ubuntu:18.04\nENV V 1.0\nRUN pip install flask==${V}\n", "1.0", id="the old ENV"),
        pytest.param(
            "ARG V=1.0\nFROM ubuntu:18.04\nARG V\nRUN pip install flask==$V\n", "1.0", id="a global ARG, redeclared"
        ),
        pytest.param(
            "ARG V=1.0\nFROM ubuntu:18.04\nARG V=2.0\nRUN pip install flask==$V\n", "2.0", id="with a new default"
        ),
        pytest.param(
            "FROM ubuntu:18.04\nENV V=1.0\nARG V=2.0\nRUN pip install flask==$V\n",
            "2.0",
            id="an ARG after ENV outranks it",
        ),
        pytest.param(
            "FROM ubuntu:18.04\nENV V=1.0\nARG V\nRUN pip install flask==$V\n", "1.0", id="unless it has no value"
        ),
        pytest.param(
            "FROM ubuntu:18.04\nARG V=2.0\nENV V=1.0\nRUN pip install flask==$V\n", "1.0", id="ENV outranks an ARG"
        ),
        pytest.param(
            "FROM ubuntu:18.04\nARG V=1.0\nARG V=2.0\nRUN pip install flask==$V\n", "2.0", id="the last ARG counts"
        ),
        pytest.param("FROM ubuntu:18.04\nARG A=1\nARG V=$A.0\nRUN pip install flask==$V\n", "1.0", id="ARG of ARG"),
        pytest.param(
            "ARG A=1\nARG V=${A}.0\nFROM ubuntu:18.04\nARG V\nRUN pip install flask==$V\n",
            "1.0",
            id="global ARG of ARG",
        ),
        pytest.param(
            "FROM ubuntu:18.04\nENV V=1.0 W=$V\nRUN pip install flask==${W:-3.0}\n",
            "3.0",
            id="ENV sees what was before it",
        ),
        pytest.param(
            "FROM ubuntu:18.04\nENV V=1.0\nENV V=2.0 W=$V\nRUN pip install flask==$W\n",
            "1.0",
            id="also of its own name",
        ),
        pytest.param(
            "FROM ubuntu:18.04 AS a\nENV V=1.0\nFROM a\nRUN pip install flask==$V\n", "1.0", id="a stage inherits ENV"
        ),
        pytest.param("FROM ubuntu:18.04\nARG V='1.0'\nRUN pip install \"flask==$V\"\n", "1.0", id="quotes"),
        pytest.param(
            "FROM ubuntu:18.04\nARG V\nRUN pip install flask==${V:-1.0}\n", None, id="what may be given is not known"
        ),
        pytest.param(
            "FROM ubuntu:18.04\nRUN pip install flask==${V:-1.0}\n", "1.0", id="what nothing sets has the default"
        ),
    ],
)
def test_the_scope_of_variables(build: Build, text: str, version: str | None) -> None:
    (found,) = build(text).packages
    assert (found.name, found.versions.text if found.versions else None) == ("flask", version)


def test_a_global_arg_that_is_not_redeclared_is_not_set(build: Build) -> None:
    built = build("ARG V=1.0\nFROM ubuntu:18.04\nRUN pip install flask==${V:-2.0}\n")
    assert packages(built) == ["pip flask 2.0 somewhere"]


def test_an_arg_of_another_stage_is_not_set(build: Build) -> None:
    built = build("FROM ubuntu:18.04 AS a\nARG V=1.0\nFROM ubuntu:18.04\nRUN pip install flask==${V:-2.0}\n")
    assert packages(built) == ["pip flask 2.0 somewhere"]


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("FROM ubuntu:18.04\nARG V\nRUN pip install flask==$V\n", "9.9"),
        ("FROM ubuntu:18.04\nARG V=1.0\nRUN pip install flask==$V\n", "9.9"),
        ("ARG V=1.0\nFROM ubuntu:18.04\nARG V\nRUN pip install flask==$V\n", "9.9"),
        ("ARG V=1.0\nFROM ubuntu:18.04\nARG V=2.0\nRUN pip install flask==$V\n", "9.9"),
        ("FROM ubuntu:18.04\nARG V=1.0\nENV V=${V}\nRUN pip install flask==$V\n", "9.9"),
        ("FROM ubuntu:18.04\nENV V=1.0\nARG V\nRUN pip install flask==$V\n", "9.9"),
        ("FROM ubuntu:18.04\nARG V\nENV V=1.0\nRUN pip install flask==$V\n", "1.0"),
    ],
)
def test_build_arguments_outrank_defaults(build: Build, text: str, version: str) -> None:
    (found,) = build(text, build_args={"V": "9.9"}).packages
    assert found.versions is not None
    assert found.versions.text == version
    assert any("--build-arg" in step.note for step in found.chain) is (version == "9.9")


def test_an_arg_without_a_default_names_the_option_that_gives_it(build: Build) -> None:
    built = build("FROM ubuntu:18.04\nARG V\nRUN pip install flask==$V\n")
    assert packages(built) == ["pip flask - somewhere (ARG V has no default (give --build-arg V=…))"]


def test_a_base_image_by_an_arg_without_a_default_is_not_known(build: Build) -> None:
    built = build("ARG BASE\nFROM $BASE\n")
    assert built.base is not None
    assert not built.base.word.known
    assert "--build-arg BASE=" in built.base.word.reason
    given = build("ARG BASE\nFROM $BASE\n", build_args={"BASE": "ubuntu:18.04"})
    assert given.base is not None
    assert (given.base.name, given.base.known is not None) == ("ubuntu:18.04", True)


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("FROM ubuntu:18.04\nARG TARGETARCH\nRUN pip install flask==$TARGETARCH\n", "amd64"),
        ("FROM ubuntu:18.04\nARG TARGETOS\nARG TARGETPLATFORM\nRUN pip install flask==$TARGETOS\n", "linux"),
        ('FROM ubuntu:18.04\nRUN if [ "$(uname -m)" = x86_64 ]; then pip install flask==a; fi\n', "a"),
    ],
)
def test_the_platform_is_that_of_azure_ml(build: Build, text: str, version: str) -> None:
    (found,) = build(text).packages
    assert found.certain
    assert version in found.unknown


def test_the_platform_of_the_target_must_be_declared(build: Build) -> None:
    built = build('FROM ubuntu:18.04\nRUN if [ "$TARGETARCH" = amd64 ]; then pip install flask; fi\n')
    assert packages(built) == []


def test_a_version_names_every_definition_that_it_came_through(build: Build) -> None:
    built = build(
        "ARG V=4.7.12\nFROM ubuntu:18.04\nARG V\nENV W=Miniconda3-$V\n" + CONDA.replace("Miniconda3-4.7.12", "$W")
    )
    conda = next(package for package in built.packages if package.name == "conda")
    assert [(step.note, step.location.line if step.location else 0) for step in conda.chain] == [
        ("ARG V", 1),
        ("ENV W", 4),
        ("installer", 5),
    ]


# --- stages --------------------------------------------------------------------------------------------------------------


STAGES = (
    "FROM ubuntu:18.04 AS Base\nRUN pip install a\nFROM base AS test\nRUN pip install b\nFROM base\nRUN pip install c\n"
)


@pytest.mark.parametrize(
    ("target", "names"),
    [("", ["a", "c"]), ("test", ["a", "b"]), ("TEST", ["a", "b"]), ("base", ["a"]), ("0", ["a"]), ("1", ["a", "b"])],
)
def test_the_stage_that_is_built(build: Build, target: str, names: list[str]) -> None:
    assert [package.name for package in build(STAGES, target=target).packages] == names


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("tset", "Dockerfile: has no stage 'tset' for --target; did you mean test?"),
        ("zzzz", "Dockerfile: has no stage 'zzzz' for --target; its stages are: base, test"),
        ("7", "has no stage '7' for --target"),
    ],
)
def test_a_target_that_there_is_not_is_told_with_those_there_are(build: Build, target: str, message: str) -> None:
    with pytest.raises(AmlcheckError) as told:
        build(STAGES, target=target)
    assert message in str(told.value)


def test_stages_that_nothing_needs_are_not_followed(build: Build) -> None:
    built = build("FROM ubuntu:18.04 AS a\nRUN pip install a\nFROM ubuntu:18.04\nRUN pip install b\n")
    assert [package.name for package in built.packages] == ["b"]


def test_a_stage_that_has_the_name_of_an_image_is_the_stage(build: Build) -> None:
    built = build("FROM ubuntu:16.04 AS ubuntu\nRUN pip install a\nFROM ubuntu\n")
    assert [package.name for package in built.packages] == ["a"]
    assert built.base is not None
    assert built.base.name == "ubuntu:16.04"


def test_of_two_stages_with_one_name_the_last_before_counts(build: Build) -> None:
    built = build("FROM a AS x\nRUN pip install a\nFROM b AS x\nRUN pip install b\nFROM x\n")
    assert [package.name for package in built.packages] == ["b"]


def test_a_chain_of_a_thousand_stages_is_followed(build: Build) -> None:
    text = "FROM ubuntu:18.04 AS s0\nRUN pip install a\n" + "".join(f"FROM s{n} AS s{n + 1}\n" for n in range(1000))
    assert [package.name for package in build(text).packages] == ["a"]


def test_onbuild_runs_in_the_stage_that_starts_from_it(build: Build) -> None:
    text = "FROM ubuntu:18.04 AS a\nONBUILD RUN pip install b\nFROM a\nRUN pip install c\n"
    assert [package.name for package in build(text).packages] == ["b", "c"]
    assert build(text, target="a").packages == []


# --- COPY --from ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("copied", "expected"),
    [
        ("COPY --from=build /opt/conda /opt/conda", ["conda 4.7.12 /opt/conda", "python 3.7 /opt/conda"]),
        ("COPY --from=BUILD /opt/conda /opt/conda", ["conda 4.7.12 /opt/conda", "python 3.7 /opt/conda"]),
        ("COPY --from=0 /opt/conda /opt/conda", ["conda 4.7.12 /opt/conda", "python 3.7 /opt/conda"]),
        ("COPY --from=build /opt/conda/ /srv/env/", ["conda 4.7.12 /srv/env", "python 3.7 /srv/env"]),
        ("COPY --from=build opt/conda /srv", ["conda 4.7.12 /srv", "python 3.7 /srv"]),
        ("COPY --from=build /opt /opt", ["conda 4.7.12 /opt/conda", "python 3.7 /opt/conda"]),
        ("COPY --from=build / /", ["conda 4.7.12 /opt/conda", "python 3.7 /opt/conda"]),
        ("COPY --from=build /etc/passwd /etc/passwd", []),
        ("COPY --from=build /opt/other /opt/conda", []),
        ("WORKDIR /srv\nCOPY --from=build /opt/conda env", ["conda 4.7.12 /srv/env", "python 3.7 /srv/env"]),
        ("ARG S=build\nCOPY --from=build /opt/conda /opt/c", ["conda 4.7.12 /opt/c", "python 3.7 /opt/c"]),
    ],
)
def test_a_copied_prefix_brings_what_stands_in_it(build: Build, copied: str, expected: list[str]) -> None:
    built = build(f"FROM ubuntu:18.04 AS build\n{CONDA}FROM ubuntu:20.04\n{copied}\n")
    assert [shown(package).removeprefix("installer ") for package in built.packages] == expected
    for package in built.packages:
        assert package.chain[-1].note == "COPY --from"


def test_a_copied_virtual_environment_brings_its_packages(build: Build) -> None:
    built = build(
        "FROM python:3.8 AS build\nRUN python -m venv /venv && /venv/bin/pip install flask==2.0.1\n"
        "FROM python:3.8-slim\nCOPY --from=build /venv /app/venv\nENV PATH=/app/venv/bin:$PATH\n"
    )
    assert "pip flask 2.0.1 /app/venv" in packages(built)
    assert [package.manager for package in built.packages if package.name == "python"] == ["venv"]


def test_copied_site_packages_bring_their_packages(build: Build) -> None:
    built = build(
        "FROM python:3.8 AS build\nRUN pip install flask==2.0.1\nFROM python:3.8-slim\n"
        "COPY --from=build /usr/local/lib/python3.8/site-packages /usr/local/lib/python3.8/site-packages\n"
    )
    assert packages(built) == ["pip flask 2.0.1 /usr/local"]


def test_a_file_copied_from_a_stage_keeps_its_text(build: Build) -> None:
    built = build(
        "FROM ubuntu:18.04 AS build\nRUN echo flask==1.0 > /r.txt\n"
        "FROM ubuntu:18.04\nCOPY --from=build /r.txt /app/\nRUN pip install -r /app/r.txt\n"
    )
    assert packages(built) == ["pip flask 1.0 somewhere"]


def test_what_is_copied_from_an_unknown_image_is_not_known(build: Build) -> None:
    built = build("FROM ubuntu:18.04\nCOPY --from=example.org/x:1 /opt/conda /opt/conda\n")
    assert built.packages == []
    assert reasons(built) == ["/opt/conda is copied from example.org/x:1, which is not looked into"]


def test_conda_copied_from_a_known_image_is_known(build: Build) -> None:
    built = build("FROM ubuntu:18.04\nCOPY --from=continuumio/miniconda3:4.7.12 /opt/conda /opt/conda\n")
    assert [shown(package) for package in built.packages if package.name == "conda"] == [
        "installer conda 4.7.12 /opt/conda"
    ]


# --- where commands work -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "place"),
    [
        pytest.param("RUN /opt/conda/bin/pip install flask", "/opt/conda", id="by its path"),
        pytest.param("ENV PATH=/opt/conda/bin:$PATH\nRUN pip install flask", "/opt/conda", id="by PATH"),
        pytest.param(
            "RUN export PATH=/opt/conda/bin:$PATH && pip install flask", "/opt/conda", id="by PATH in the shell"
        ),
        pytest.param("RUN PATH=/opt/conda/bin:$PATH && pip install flask", "/opt/conda", id="by PATH without export"),
        pytest.param("RUN pip install flask", "somewhere", id="by no PATH"),
        pytest.param("RUN /opt/conda/bin/python -m pip install flask", "/opt/conda", id="python -m pip"),
        pytest.param("RUN /opt/conda/bin/conda run -n x pip install flask", "/opt/conda/envs/x", id="conda run"),
        pytest.param(
            "RUN /opt/conda/bin/conda run --no-capture-output -p /e pip install flask", "/e", id="conda run -p"
        ),
        pytest.param("RUN . /opt/conda/bin/activate x && pip install flask", "/opt/conda/envs/x", id="activate"),
        pytest.param(
            "RUN . /opt/conda/etc/profile.d/conda.sh && conda activate x && pip install flask",
            "/opt/conda/envs/x",
            id="conda activate",
        ),
        pytest.param(
            'SHELL ["conda", "run", "-n", "x", "/bin/bash", "-c"]\nRUN pip install flask',
            "/opt/conda/envs/x",
            id="SHELL",
        ),
        pytest.param(
            "ENV PATH=/opt/conda/envs/x/bin:/opt/conda/bin:$PATH\nRUN pip install flask",
            "/opt/conda/envs/x",
            id="PATH of an environment",
        ),
        pytest.param("ENV CONDA_DEFAULT_ENV=x\nRUN pip install flask", "/opt/conda/envs/x", id="CONDA_DEFAULT_ENV"),
        pytest.param("RUN /opt/conda/bin/pip install --target=/app/lib flask", "/app/lib", id="--target"),
    ],
)
def test_where_pip_installs(build: Build, text: str, place: str) -> None:
    built = build(f"FROM ubuntu:18.04\n{CONDA}RUN /opt/conda/bin/conda create -y -n x python=3.8\n{text}\n")
    assert [shown(package) for package in built.packages if package.name == "flask"] == [f"pip flask - {place}"]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("USER root\nRUN bash c.sh -b", "/root/miniconda3"),
        ("RUN bash c.sh -b", "/root/miniconda3"),
        ("RUN bash c.sh -b -p ~/c", "/root/c"),
        ("RUN bash c.sh -b -p $HOME/c", "/root/c"),
        ("USER ana\nRUN bash c.sh -b -p ~/c", "/home/ana/c"),
        ("USER ana:staff\nRUN bash c.sh -b -p $HOME/c", "/home/ana/c"),
        ("RUN useradd -m -d /srv/ana ana\nUSER ana\nRUN bash c.sh -b -p ~/c", "/srv/ana/c"),
        ("USER 1000\nRUN bash c.sh -b -p ~/c", "somewhere"),
        ("USER $NOBODY\nRUN bash c.sh -b -p ~/c", "/root/c"),
        ("WORKDIR /srv\nRUN bash /c.sh -b -p c", "/srv/c"),
        ("WORKDIR /srv\nWORKDIR x/../y\nRUN bash /c.sh -b -p c", "/srv/y/c"),
        ("WORKDIR /srv\nRUN cd /opt && bash /c.sh -b -p c", "/opt/c"),
        ("RUN bash c.sh -bp /c", "/c"),
        ("ENV HOME=/h\nRUN bash c.sh -b -p $HOME/c", "/h/c"),
    ],
)
def test_home_and_working_directory(build: Build, text: str, place: str) -> None:
    url = "https://repo.anaconda.com/miniconda/Miniconda3-4.7.12-Linux-x86_64.sh"
    built = build(f"FROM ubuntu:18.04\nADD {url} /c.sh\n{text}\n")
    assert [package.place or "somewhere" for package in built.packages if package.name == "conda"] == [place]


def test_path_is_inherited_and_changed(build: Build) -> None:
    built = build("FROM ubuntu:18.04 AS a\nENV PATH=/a/bin:$PATH\nFROM a\nENV PATH=${PATH}:/b/bin/\n")
    folders = [entry.folder for entry in built.path()]
    assert (folders[0], folders[-1], "/usr/bin" in folders) == ("/a/bin", "/b/bin", True)


def test_the_path_of_an_unknown_base_image_is_a_hole(build: Build) -> None:
    built = build("FROM example.org/x:1\nENV PATH=/a/bin:$PATH\n")
    assert [entry.folder for entry in built.path()] == ["/a/bin", None]


# --- requirements --------------------------------------------------------------------------------------------------------


FROM = "FROM ubuntu:18.04\n"


@pytest.mark.parametrize(
    ("text", "files"),
    [
        pytest.param(
            "COPY r.txt /app/r.txt\nRUN pip install -r /app/r.txt", {"r.txt": "flask==1.0"}, id="COPY of a file"
        ),
        pytest.param(
            "COPY r.txt /app/\nRUN pip install -r /app/r.txt", {"r.txt": "flask==1.0"}, id="COPY to a folder/"
        ),
        pytest.param("COPY r.txt /app\nRUN pip install -r /app/r.txt", {"r.txt": "flask==1.0"}, id="COPY to a folder"),
        pytest.param("COPY r.txt /app\nRUN pip install -r /app", {"r.txt": "flask==1.0"}, id="COPY to another name"),
        pytest.param("COPY . /app\nRUN pip install -r /app/r.txt", {"r.txt": "flask==1.0"}, id="COPY of everything"),
        pytest.param("COPY ./ /app/\nRUN pip install -r /app/d/r.txt", {"d/r.txt": "flask==1.0"}, id="COPY of a tree"),
        pytest.param("COPY d /app\nRUN pip install -r /app/r.txt", {"d/r.txt": "flask==1.0"}, id="COPY of a folder"),
        pytest.param(
            "COPY a r.txt /app/\nRUN pip install -r /app/r.txt", {"a": "", "r.txt": "flask==1.0"}, id="COPY of two"
        ),
        pytest.param(
            "COPY r*.txt /app/\nRUN pip install -r /app/r1.txt", {"r1.txt": "flask==1.0"}, id="COPY by a pattern"
        ),
        pytest.param(
            'COPY ["r.txt", "/app/r.txt"]\nRUN pip install -r /app/r.txt', {"r.txt": "flask==1.0"}, id="COPY in JSON"
        ),
        pytest.param("ADD r.txt /app/\nRUN pip install -r /app/r.txt", {"r.txt": "flask==1.0"}, id="ADD"),
        pytest.param("WORKDIR /app\nCOPY r.txt .\nRUN pip install -r r.txt", {"r.txt": "flask==1.0"}, id="WORKDIR"),
        pytest.param(
            "ARG D=/app\nCOPY r.txt $D/\nRUN cd $D && pip install -r ./r.txt", {"r.txt": "flask==1.0"}, id="ARG and cd"
        ),
        pytest.param("COPY r.txt /a\nRUN cp /a /b && pip install -r /b", {"r.txt": "flask==1.0"}, id="cp"),
        pytest.param("COPY r.txt /a\nRUN mv /a /b/ && pip install -r /b/a", {"r.txt": "flask==1.0"}, id="mv"),
        pytest.param("COPY . /app\nRUN cat /app/r.txt > /x && pip install -r /x", {"r.txt": "flask==1.0"}, id="cat"),
        pytest.param(
            "RUN --mount=type=bind,source=r.txt,target=/tmp/r.txt pip install -r /tmp/r.txt",
            {"r.txt": "flask==1.0"},
            id="bind",
        ),
        pytest.param(
            "WORKDIR /w\nRUN --mount=type=bind,target=. pip install -r r.txt", {"r.txt": "flask==1.0"}, id="bind all"
        ),
        pytest.param("RUN echo flask==1.0 > r.txt && pip install -r r.txt", {}, id="echo"),
        pytest.param("RUN echo 'flask==1.0' >> r.txt && pip install -r r.txt", {}, id="echo >>"),
        pytest.param('RUN printf "flask==1.0\\n" > r.txt && pip install -r r.txt', {}, id="printf"),
        pytest.param("RUN echo flask==1.0 | tee r.txt && pip install -r r.txt", {}, id="tee"),
        pytest.param("RUN echo flask==1.0 > /r.txt\nRUN pip install -r /r.txt", {}, id="in another RUN"),
        pytest.param("COPY <<EOF /r.txt\nflask==1.0\nEOF\nRUN pip install -r /r.txt", {}, id="COPY <<EOF"),
        pytest.param("COPY <<r.txt /app/\nflask==1.0\nr.txt\nRUN pip install -r /app/r.txt", {}, id="COPY <<NAME"),
        pytest.param("COPY <<-EOF /r.txt\n\tflask==1.0\n\tEOF\nRUN pip install -r /r.txt", {}, id="COPY <<-EOF"),
        pytest.param("RUN cat <<EOF > /r.txt\nflask==1.0\nEOF\nRUN pip install -r /r.txt", {}, id="cat <<EOF >"),
        pytest.param("RUN cat > /r.txt <<'EOF'\nflask==1.0\nEOF\nRUN pip install -r /r.txt", {}, id="cat > <<EOF"),
        pytest.param(
            "ENV V=1.0\nRUN cat <<EOF > /r.txt\nflask==$V\nEOF\nRUN pip install -r /r.txt",
            {},
            id="<<EOF with a variable",
        ),
        pytest.param("RUN <<EOF\npip install \\\n  flask==1.0\nEOF", {}, id="a heredoc as a script"),
        pytest.param('RUN bash -c "pip install flask==1.0"', {}, id="bash -c"),
        pytest.param("RUN bash -exc 'cd / && pip install flask==1.0'", {}, id="bash -exc"),
        pytest.param('RUN ["pip", "install", "flask==1.0"]', {}, id="JSON"),
        pytest.param('RUN ["/bin/bash", "-c", "pip install flask==1.0"]', {}, id="JSON and bash"),
        pytest.param("RUN bash <<EOF\npip install flask==1.0\nEOF", {}, id="bash <<EOF"),
        pytest.param("RUN sudo -H env A=b pip3 install flask==1.0", {}, id="sudo and env"),
        pytest.param("RUN echo flask==1.0 | xargs pip install", {}, id="xargs"),
        pytest.param("RUN for p in flask==1.0; do pip install $p; done", {}, id="a loop"),
        pytest.param("COPY i.sh /\nRUN bash /i.sh", {"i.sh": "#!/bin/bash\npip install flask==1.0\n"}, id="a script"),
        pytest.param("COPY i.sh /\nRUN chmod +x i.sh && ./i.sh", {"i.sh": "pip install flask==1.0"}, id="a program"),
        pytest.param(
            "COPY . /b\nRUN /b/a.sh",
            {"a.sh": "cd /b && . ./b.sh && do_it", "b.sh": "do_it() { pip install flask==1.0; }"},
            id="two scripts",
        ),
        pytest.param("COPY r.txt /\nRUN uv pip install --system -r /r.txt", {"r.txt": "flask==1.0"}, id="uv pip"),
        pytest.param(
            "COPY r.txt l.txt /\nRUN pip install -r /r.txt",
            {"r.txt": "-r l.txt", "l.txt": "flask==1.0"},
            id="-r in a file",
        ),
        pytest.param(
            "WORKDIR /a\nCOPY . .\nRUN pip install -r d/r.txt",
            {"d/r.txt": "-r ../l.txt", "l.txt": "flask==1.0"},
            id="-r of a parent",
        ),
        pytest.param(
            "COPY . /a\nRUN pip install -r /a/r.txt",
            {"r.txt": "flask\n-c c.txt", "c.txt": "flask==1.0"},
            id="-c in a file",
        ),
        pytest.param("COPY . /a\nRUN pip install flask -c /a/c.txt", {"c.txt": "flask==1.0"}, id="-c"),
        pytest.param(
            "COPY . /a\nRUN cat /a/r.txt | xargs -n 1 pip install", {"r.txt": "flask==1.0 # x\n"}, id="cat and xargs"
        ),
        pytest.param(
            "WORKDIR /a\nCOPY . .\nRUN poetry install",
            {"poetry.lock": '[[package]]\nname = "flask"\nversion = "1.0"\n'},
            id="poetry.lock",
        ),
        pytest.param(
            "WORKDIR /a\nCOPY uv.lock .\nRUN uv sync --frozen",
            {"uv.lock": '[[package]]\nname = "flask"\nversion = "1.0"\n'},
            id="uv.lock",
        ),
        pytest.param(
            "WORKDIR /a\nCOPY . .\nRUN poetry export -o r.txt && pip install -r r.txt",
            {"poetry.lock": '[[package]]\nname = "flask"\nversion = "1.0"\n'},
            id="poetry export",
        ),
    ],
)
def test_what_pip_installs_is_found(build: Build, text: str, files: dict[str, str]) -> None:
    built = build(FROM + text + "\n", files)
    assert [
        (package.name, package.versions.text if package.versions else "", package.certain) for package in built.packages
    ] == [("flask", "1.0", True)]
    assert [item.reason for item in built.opaque if "azureml-defaults" in item.components] == []


@pytest.mark.parametrize(
    ("text", "files", "reason"),
    [
        ("COPY r.txt /\nRUN pip install -r /r.txt", None, "the build context is not known (--context)"),
        ("COPY r.txt /\nRUN pip install -r /r.txt", {}, "r.txt cannot be read in the build context"),
        ("COPY . /\nRUN pip install -r /r.txt", {"r.txt": "a", ".dockerignore": "r.txt"}, "cannot be read"),
        ("RUN pip install -r /r.txt", {}, "/r.txt cannot be read: it is not known where it comes from"),
        (
            "RUN curl -o /r.txt https://x/r.txt && pip install -r /r.txt",
            {},
            "/r.txt cannot be read: it is downloaded by the build",
        ),
        ("RUN pip install -r $(ls *.txt)", {}, "cannot be read"),
        ("RUN pip install $PACKAGES\nARG PACKAGES", {}, None),
        (
            "ARG PACKAGES\nRUN pip install $PACKAGES",
            {},
            "which package pip installs is not known: ARG PACKAGES has no default",
        ),
        ("COPY . /a\nRUN pip install -r /a/r.txt", {"r.txt": "-r r.txt"}, "cannot be read"),
        ("RUN pip install .", {}, "what pip installs with '.' is not followed"),
        ("RUN pip install git+https://x/y.git", {}, "what pip installs with 'git+https://x/y.git' is not followed"),
        ("RUN pipenv install", {}, "what pipenv installs is not followed"),
        ("RUN poetry install", {}, "what poetry installs is not known: poetry.lock is not copied into the image"),
        (
            "RUN curl -s https://example.org/install.sh | bash",
            {},
            "the script from https://example.org/install.sh is not known",
        ),
        (
            "RUN curl -s https://example.org/i.sh | sudo -E bash -",
            {},
            "the script from https://example.org/i.sh is not known",
        ),
        (
            "RUN wget -qO- https://example.org/i.sh | sh -s -- -y",
            {},
            "the script from https://example.org/i.sh is not known",
        ),
        ("RUN bash <(curl -s https://example.org/i.sh)", {}, "cannot be read"),
        ("COPY i.sh /\nRUN /i.sh", None, "the script /i.sh cannot be read: the build context is not known"),
        ("RUN <<EOF cat > /r.txt\nflask==1.0\nEOF\nRUN pip install -r /r.txt", {}, "/r.txt cannot be read"),
        ("COPY i.sh /\nRUN /i.sh flask 1.0", {"i.sh": 'pip install "$1==$2"'}, "$1 is set by the shell"),
        ("RUN strange-tool --install", {}, "what 'strange-tool' does is not followed"),
        ('SHELL ["powershell", "-Command"]\nRUN pip install flask', {}, "the shell powershell is not followed"),
        ("RUN <<EOF\n#!/usr/bin/python\nimport os\nEOF", {}, "is not followed"),
        ("RUN case x in (", {}, "the shell syntax cannot be read here"),
    ],
)
def test_what_cannot_be_followed_is_told_with_its_line(
    build: Build, text: str, files: dict[str, str] | None, reason: str | None
) -> None:
    built = build(FROM + text + "\n", files, context=files is not None)
    told = [item for item in reasons(built) if reason and reason in item]
    assert bool(told) is (reason is not None)
    assert all("(line " in item for item in told)


@pytest.mark.parametrize(("target", "told"), [("/", True), ("/usr/local/", True), ("/opt", True), ("/app", False)])
def test_a_folder_copied_to_where_software_stands_is_not_looked_into(build: Build, target: str, told: bool) -> None:
    built = build(f"{FROM}COPY . {target}\n", {"a": ""})
    assert bool([item for item in reasons(built) if "is not looked into" in item]) is told


@pytest.mark.parametrize(
    "url",
    ["https://deb.nodesource.com/setup_12.x", "https://sh.rustup.rs/rustup-init.sh", "https://astral.sh/uv/install.sh"],
)
def test_well_known_scripts_bring_nothing_that_is_asked_for(build: Build, url: str) -> None:
    assert reasons(build(f"FROM ubuntu:18.04\nRUN curl -fsSL {url} | bash -\n")) == []


def test_an_unquoted_specifier_is_a_redirection(build: Build) -> None:
    built = build("FROM ubuntu:18.04\nRUN pip install flask>=1.0\n")
    assert packages(built) == ["pip flask - somewhere"]


def test_a_requirement_in_a_file_is_explained_by_the_file_and_the_command(build: Build, tmp_path: Path) -> None:
    built = build("FROM ubuntu:18.04\nCOPY r.txt /\nRUN pip install -r /r.txt\n", {"r.txt": "# x\nflask==1.0\n"})
    places = [
        (Path(step.location.path).name, step.location.line, step.text)
        for step in built.packages[0].chain
        if step.location
    ]
    assert ("r.txt", 2, "flask==1.0") in places
    assert places[-1][:2] == ("Dockerfile", 3)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("RUN pip install a b==1 'c>=2'", ["pip a - somewhere", "pip b 1 somewhere", "pip c >=2 somewhere"]),
        ("RUN pip install -U --no-cache-dir -i https://x a", ["pip a - somewhere"]),
        ("RUN pip install a; sys_platform == 'win32'", ["pip a - somewhere"]),
        ("RUN pip install \"a; sys_platform == 'win32'\" b", ["pip b - somewhere"]),
        ("RUN pip install a && pip uninstall -y a", ["pip a - somewhere", "pip a - somewhere removed"]),
        ("RUN pip download a", []),
        ("RUN pip list && pip --version", []),
        ("RUN if [ -f /x ]; then pip install a; fi", ["pip a - somewhere perhaps"]),
        ("RUN pip install a || pip install b", ["pip a - somewhere", "pip b - somewhere perhaps"]),
        ("RUN python3.8 -m pip install a", ["pip a - somewhere"]),
        ("RUN python3 -m venv /v && /v/bin/pip install a", ["venv python - /v", "pip a - /v"]),
        ("RUN virtualenv -p python3.6 /v && . /v/bin/activate && pip install a", ["venv python 3.6 /v", "pip a - /v"]),
        ("RUN uv venv /v", ["venv python - /v"]),
    ],
)
def test_pip_and_virtual_environments(build: Build, text: str, expected: list[str]) -> None:
    assert packages(build(f"{FROM}{text}\n")) == expected


# --- apt -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("RUN apt-get update && apt-get install -y --no-install-recommends git \\\n  curl", ["git -", "curl -"]),
        ("RUN apt install git=1:2.17.1-1ubuntu0.9", ["git 2.17.1"]),
        ("RUN apt-get install -y libcudnn7=7.6.5.32-1+cuda10.0 libnccl2=2.4.*", ["libcudnn7 7.6.5.32", "libnccl2 2.4"]),
        ("ARG V=7.6.5.32\nRUN apt-get install -y libcudnn7=$V-1+cuda10.0", ["libcudnn7 7.6.5.32"]),
        ("ARG V\nRUN apt-get install -y libcudnn7=$V", ["libcudnn7 - (ARG V has no default (give --build-arg V=…))"]),
        ("RUN apt-get install -y git:amd64 g++", ["git -", "g++ -"]),
        ("RUN apt-get -y install git && apt-get remove -y git", ["git -", "git - removed"]),
        ("RUN apt-get -y install git && apt-get purge -y --auto-remove git", ["git -", "git - removed"]),
        ("RUN apt-get -y install git curl && apt-get -y remove 'gi*'", ["git -", "curl -", "git - removed"]),
        ("RUN apt-get -y install git curl-", ["git -", "curl - removed"]),
        ("RUN apt-get install -y -t bionic-backports git", ["git - (it comes from the release bionic-backports)"]),
        ("RUN apt-get install -y git/bionic-backports", ["git - (it comes from the release bionic-backports)"]),
        ("RUN apt-get update && apt-get upgrade -y && apt-get clean", []),
        ("RUN apt-get install -s git", []),
        ("RUN DEBIAN_FRONTEND=noninteractive apt-get install -y git", ["git -"]),
        ("RUN dpkg -i /tmp/libcudnn7_7.6.5.32-1+cuda10.0_amd64.deb", ["libcudnn7 7.6.5.32"]),
        (
            "RUN curl -sO https://x/libnccl2_2.4.8-1+cuda10.0_amd64.deb && dpkg -i libnccl2_2.4.8-1+cuda10.0_amd64.deb",
            ["libnccl2 2.4.8"],
        ),
        ("RUN wget -O a.deb https://x/libnccl2_2.4.8-1%2Bcuda10.0_amd64.deb && dpkg -i a.deb", ["libnccl2 2.4.8"]),
        ("RUN apt-get install -y ./libnccl2_2.4.8-1+cuda10.0_amd64.deb", ["libnccl2 2.4.8"]),
        ("RUN for p in git curl; do apt-get install -y $p; done", ["git -", "curl -"]),
        ("RUN P='git curl' && apt-get install -y $P", ["git -", "curl -"]),
        ("COPY p.txt /\nRUN xargs -a /p.txt apt-get install -y", []),
        ("COPY p.txt /\nRUN cat /p.txt | xargs apt-get install -y", ["git -", "curl -"]),
        ('RUN install_it() { apt-get install -y "$@"; } && install_it git curl', ["git -", "curl -"]),
    ],
)
def test_apt(build: Build, text: str, expected: list[str]) -> None:
    found = [
        shown(package).replace(" /usr", "").removeprefix("apt ")
        for package in build(f"{FROM}{text}\n", {"p.txt": "git\ncurl\n"}).packages
    ]
    assert found == expected


@pytest.mark.parametrize(
    "text", ["RUN add-apt-repository -y ppa:x/y", "RUN echo 'deb http://x y z' > /etc/apt/sources.list.d/x.list"]
)
def test_another_archive_makes_unpinned_versions_unknown(build: Build, text: str) -> None:
    assert build(f"{FROM}{text}\n").repositories_added
    assert not build(FROM).repositories_added


@pytest.mark.parametrize("command", ["yum install -y git", "apk add git", "dnf -y install git", "zypper in git"])
def test_other_package_managers_are_not_followed(build: Build, command: str) -> None:
    assert "is not followed" in reasons(build(f"FROM example.org/x:1\nRUN {command}\n"))[0]


# --- conda ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("installer", "conda", "python"),
    [
        ("Miniconda3-4.7.12-Linux-x86_64.sh", "4.7.12", "3.7"),
        ("Miniconda3-4.7.12.1-Linux-x86_64.sh", "4.7.12", "3.7"),
        ("Miniconda3-4.5.4-Linux-x86_64.sh", "4.5.4", "3.6"),
        ("Miniconda2-4.7.12-Linux-x86_64.sh", "4.7.12", "2.7"),
        ("Miniconda3-py38_4.12.0-Linux-x86_64.sh", "4.12.0", "3.8"),
        ("Miniconda3-py37_23.1.0-1-Linux-x86_64.sh", "23.1.0", "3.7"),
        ("Miniforge3-4.10.3-10-Linux-x86_64.sh", "4.10.3", "3.9"),
        ("Mambaforge-4.10.3-10-Linux-x86_64.sh", "4.10.3", "3.9"),
        ("Anaconda3-2020.02-Linux-x86_64.sh", "4.8.2", "3.7"),
        ("Anaconda3-5.3.1-Linux-x86_64.sh", "4.5.11", "3.7"),
        ("Anaconda2-2019.10-Linux-x86_64.sh", "4.7.12", "2.7"),
        ("Miniconda3-$V-Linux-x86_64.sh", "4.7.12", "3.7"),
        ("Miniconda3-4.7.12-$OS-x86_64.sh", "4.7.12", "3.7"),
        ("Miniconda3-4.7.12-Linux-$(uname -m).sh", "4.7.12", "3.7"),
    ],
)
def test_conda_installers(build: Build, installer: str, conda: str, python: str) -> None:
    built = build(
        f"{FROM}ARG V=4.7.12\nARG OS=Linux\nRUN wget https://x/{installer} -O ~/c.sh && /bin/bash ~/c.sh -b -p /opt/conda\n"
    )
    assert packages(built) == [f"installer conda {conda} /opt/conda", f"installer python {python} /opt/conda"]


@pytest.mark.parametrize("product", ["Miniconda3", "Miniforge3"])
def test_the_latest_installer_is_known_to_be_new(build: Build, product: str) -> None:
    built = build(
        f"{FROM}RUN curl -LO https://x/{product}-latest-Linux-x86_64.sh && bash {product}-latest-Linux-x86_64.sh -b -p /c\n"
    )
    found = {package.name: package.versions for package in built.packages}
    assert found["conda"] is not None
    assert found["python"] is not None
    assert str(found["conda"].lowest) >= "23"
    assert "99.1" in found["conda"]


INSTALLER = "Miniconda3-4.7.12-Linux-x86_64.sh"


@pytest.mark.parametrize(
    "text",
    [
        f"ADD https://x/{INSTALLER} /c.sh\nRUN sh /c.sh -b -p /opt/conda",
        f"COPY {INSTALLER} /\nRUN bash /{INSTALLER} -b -p /opt/conda",
        f"RUN curl -s https://x/{INSTALLER} > c.sh; bash c.sh -b -p /opt/conda; rm c.sh",
        f"RUN curl -so /c.sh https://x/{INSTALLER} && chmod +x /c.sh && /c.sh -b -p /opt/conda",
        f"RUN cd /tmp && wget -q https://x/{INSTALLER} && sh ./{INSTALLER} -bfp /opt/conda",
        f"RUN wget -P /tmp https://x/{INSTALLER} && bash /tmp/{INSTALLER} -b -p /opt/conda",
        f"RUN curl -s https://x/{INSTALLER} | bash -s -- -b -p /opt/conda",
        f"RUN F={INSTALLER} && wget https://x/$F && bash $F -b -p /opt/conda",
    ],
)
def test_how_an_installer_comes_into_the_image(build: Build, text: str) -> None:
    assert packages(build(f"{FROM}{text}\n")) == [
        "installer conda 4.7.12 /opt/conda",
        "installer python 3.7 /opt/conda",
    ]


def test_an_installer_that_is_only_downloaded_installs_nothing(build: Build) -> None:
    assert packages(build(f"{FROM}RUN wget https://x/Miniconda3-4.7.12-Linux-x86_64.sh\n")) == []


def test_an_installer_of_an_unknown_version_is_not_guessed(build: Build) -> None:
    built = build(f"{FROM}ARG V\nRUN wget https://x/Miniconda3-$V-Linux-x86_64.sh -O c.sh && bash c.sh -b -p /c\n")
    assert packages(built) == [
        f"installer {name} - /c (ARG V has no default (give --build-arg V=…))" for name in ("conda", "python")
    ]


ENVIRONMENT = "name: serving\ndependencies:\n  - python=3.8\n  - pip:\n    - flask==1.0\n"
IN_ENVIRONMENT = ["conda python 3.8 /opt/conda/envs/{}", "pip flask 1.0 /opt/conda/envs/{}"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("conda install -y python=3.8 'numpy>=1.2'", ["conda python 3.8 /opt/conda", "conda numpy >=1.2 /opt/conda"]),
        ("conda install -y -c conda-forge conda=4.9.2", ["conda conda 4.9.2 /opt/conda"]),
        ("conda install -y conda-forge::python==3.8.1", ["conda python 3.8.1 /opt/conda"]),
        ("conda create -y -n x python=3.8", ["conda python 3.8 /opt/conda/envs/x"]),
        ("conda create -y -p /e python=3.8", ["conda python 3.8 /e"]),
        ("conda create -y --name=x python=3.8", ["conda python 3.8 /opt/conda/envs/x"]),
        ("mamba install -y -n x python=3.8", ["conda python 3.8 /opt/conda/envs/x"]),
        ("conda install -y -n base python=3.8", ["conda python 3.8 /opt/conda"]),
        ("conda install -y python", ["conda python >=3.7 /opt/conda"]),
        ("conda update -y conda", ["conda conda >=4.7.12 /opt/conda"]),
        ("conda update -y --all", ["conda conda >=4.7.12 /opt/conda", "conda python >=3.7 /opt/conda"]),
        ("conda env create -f environment.yml", [line.format("serving") for line in IN_ENVIRONMENT]),
        ("conda env create -f /environment.yml -n x", [line.format("x") for line in IN_ENVIRONMENT]),
        ("conda env create --file=environment.yml --name x", [line.format("x") for line in IN_ENVIRONMENT]),
        ("conda env create", [line.format("serving") for line in IN_ENVIRONMENT]),
        ("conda env update -n base -f environment.yml", ["conda python 3.8 /opt/conda", "pip flask 1.0 /opt/conda"]),
        ("conda env update -p /e -f environment.yml", ["conda python 3.8 /e", "pip flask 1.0 /e"]),
        ("mamba env create -f environment.yml", [line.format("serving") for line in IN_ENVIRONMENT]),
        ("conda install -y --file specs.txt", ["conda numpy 1.2 /opt/conda", "conda scipy - /opt/conda"]),
        ("conda install -y python=$V", ["conda python - /opt/conda (ARG V has no default (give --build-arg V=…))"]),
        ("conda install -y https://x/linux-64/python-3.8.1-h0371630_1.tar.bz2", ["conda python 3.8.1 /opt/conda"]),
        (
            "conda create -y -n x python=3.8 && conda remove -n x --all",
            ["conda python 3.8 /opt/conda/envs/x", "conda python - /opt/conda/envs/x removed"],
        ),
        ("conda info && conda clean -afy && conda config --set a b && conda init bash", []),
        ("conda install --dry-run python=3.8", []),
        ("micromamba install -y -n base python=3.8", ["conda python 3.8 /opt/conda"]),
        ("micromamba create -y -p /e -f environment.yml", ["conda python 3.8 /e", "pip flask 1.0 /e"]),
        ("micromamba install -y -r /mm -n x python=3.8", ["conda python 3.8 /mm/envs/x"]),
        ("MAMBA_ROOT_PREFIX=/mm && micromamba create -y -n x python=3.8", ["conda python 3.8 /mm/envs/x"]),
    ],
)
def test_conda_commands(build: Build, text: str, expected: list[str]) -> None:
    files = {"environment.yml": ENVIRONMENT, "specs.txt": "# x\nnumpy=1.2\nscipy\n"}
    built = build(f"{FROM}ARG V\n{CONDA}ENV PATH=/opt/conda/bin:$PATH\nCOPY . /\nRUN {text}\n", files)
    assert packages(built)[2:] == expected


@pytest.mark.parametrize(
    ("environment", "reason"),
    [("a: [b", "not valid YAML"), ("- a", "not a conda environment file"), ("dependencies:\n - [a]", "line 2")],
)
def test_a_broken_environment_file_is_told(build: Build, environment: str, reason: str) -> None:
    built = build(f"{FROM}{CONDA}COPY e.yml /\nRUN /opt/conda/bin/conda env create -f /e.yml\n", {"e.yml": environment})
    assert [item for item in reasons(built) if "the conda file cannot be read" in item and reason in item]


def test_a_removed_prefix_is_gone(build: Build) -> None:
    built = build(f"{FROM}{CONDA}RUN rm -rf /opt/conda\n")
    assert built.named("conda", "python") == []


# --- archives ------------------------------------------------------------------------------------------------------------


MAKE = "tar xf a.tar.gz && cd {} && ./configure --prefix=/usr/local && make -j4 && make install"


@pytest.mark.parametrize(
    ("text", "name", "version"),
    [
        (
            f"RUN wget https://x/ompi/v3.1/downloads/openmpi-3.1.2.tar.gz -O a.tar.gz && {MAKE.format('openmpi-src')}",
            "openmpi",
            "3.1.2",
        ),
        (
            f"ARG V=4.0.1\nRUN curl -L https://x/openmpi-$V.tar.bz2 -o a.tar.gz && {MAKE.format('openmpi-src')}",
            "openmpi",
            "4.0.1",
        ),
        (f"ADD https://x/openmpi-3.1.2.tar.gz /a.tar.gz\nRUN {MAKE.format('openmpi-3.1.2')}", "openmpi", "3.1.2"),
        (
            f"RUN wget https://x/3.3.2/mpich-3.3.2.tar.gz -O a.tar.gz && {MAKE.format('mpich-src')}",
            "mpich",
            "3.3.2",
        ),
        (
            "RUN wget https://registrationcenter-download.intel.com/akdlm/irc_nas/tec/13063/l_mpi_2018.3.222.tgz && "
            "tar xf l_mpi_2018.3.222.tgz && cd l_mpi_2018.3.222 && ./install.sh --silent silent.cfg",
            "intelmpi",
            "2018.3.222",
        ),
        (
            "RUN wget https://x/cuda_10.1.243_418.87.00_linux.run && sh cuda_10.1.243_418.87.00_linux.run --silent --toolkit",
            "cuda",
            "10.1.243",
        ),
        (
            "RUN wget -O c.run https://x/10.0/Prod/local_installers/cuda_10.0.130_410.48_linux && sh c.run --silent",
            "cuda",
            "10.0.130",
        ),
        (
            "RUN curl -O https://x/cudnn-10.1-linux-x64-v7.6.5.32.tgz && tar -xzf cudnn-*.tgz -C /usr/local",
            "cudnn",
            "7.6.5.32",
        ),
        ("RUN curl -s https://x/cudnn-10.0-linux-x64-v7.5.1.10.tgz | tar xz -C /usr/local", "cudnn", "7.5.1.10"),
        (
            "RUN wget https://x/nccl_2.4.8-1+cuda10.1_x86_64.txz && tar xf nccl_2.4.8-1+cuda10.1_x86_64.txz",
            "nccl",
            "2.4.8",
        ),
        (
            f"RUN wget https://www.python.org/ftp/python/3.7.4/Python-3.7.4.tgz -O a.tar.gz && {MAKE.format('python-src')}",
            "python",
            "3.7.4",
        ),
    ],
)
def test_archives_that_are_built_or_unpacked(build: Build, text: str, name: str, version: str) -> None:
    built = build(f"{FROM}{text}\n")
    assert [
        (package.manager, package.name, package.versions.text if package.versions else "") for package in built.packages
    ] == [("archive", name, version)]
    assert version in built.packages[0].chain[-1].text or built.packages[0].chain[0].text == version


@pytest.mark.parametrize(
    "text",
    [
        "RUN wget https://x/openmpi-3.1.2.tar.gz",
        "RUN wget https://x/openmpi-3.1.2.tar.gz && tar xf openmpi-3.1.2.tar.gz",
        "RUN wget https://x/cudnn-10.1-linux-x64-v7.6.5.32.tgz",
        "RUN wget https://x/cuda_10.1.243_418.87.00_linux.run && rm cuda_10.1.243_418.87.00_linux.run",
    ],
)
def test_what_is_only_downloaded_is_not_installed(build: Build, text: str) -> None:
    assert packages(build(f"{FROM}{text}\n")) == []


def test_an_archive_of_an_unknown_version_is_not_guessed(build: Build) -> None:
    built = build(f"{FROM}ARG V\nRUN wget https://x/openmpi-$V.tar.gz -O a.tar.gz && {MAKE.format('openmpi')}\n")
    assert packages(built) == ["archive openmpi - /usr/local (ARG V has no default (give --build-arg V=…))"]


def test_a_build_of_something_unknown_is_told(build: Build) -> None:
    told = reasons(build(f"{FROM}RUN git clone https://x/y && cd y && make install\n"))
    assert [reason for reason in told if "what make installs is not known" in reason]


# --- the whole check -----------------------------------------------------------------------------------------------------


def test_a_problem_of_the_plan_is_told_at_its_place(lint: Lint) -> None:
    report = lint("FROM ubuntu:18.04\nENV A=${B:?needed}\n")
    told = [(item.location.line, item.location.column, item.message) for item in report.findings if item.location]
    assert [entry for entry in told if entry[:2] == (2, 7) and "B: needed" in entry[2]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("FROM $NOTHING\n", "base name ($NOTHING) should not be blank"),
        ("ARG A\nFROM UBUNTU:18.04\n", "invalid image reference: 'UBUNTU:18.04'"),
        ("FROM ${A:-ubuntu\n", "Docker cannot expand this"),
    ],
)
def test_a_base_image_that_docker_refuses_is_told(lint: Lint, text: str, message: str) -> None:
    assert [item for item in lint(text).findings if message in item.message]


@pytest.mark.parametrize(
    "text", ["", "RUN a\n", "FROM\n", "FROM a b c d\nRUN x\n", "\\\n", "FROM a AS b\nFROM b AS a\nFROM a\n"]
)
def test_whatever_is_broken_is_reported_and_nothing_raised(lint: Lint, text: str) -> None:
    report = lint(text)
    assert len(report.judgements) == 11
    assert report.error == ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("apt-get install -y git && if [ -f /x ]; then apt-get remove -y git; fi", ["apt git - /usr perhaps"]),
        ("apt-get install -y git && if [ -f /x ]; then apt-get remove -y 'gi*'; fi", ["apt git - /usr perhaps"]),
        ("pip install a && (test -f /x && pip uninstall -y a || true)", ["pip a - somewhere perhaps"]),
        ("python3 -m venv /v && if [ -f /x ]; then rm -rf /v; fi", ["venv python - /v perhaps"]),
        (
            "if [ -f /x ]; then apt-get install -y git; fi && apt-get remove -y git",
            ["apt git - /usr perhaps", "apt git - /usr removed"],
        ),
    ],
)
def test_what_may_be_removed_may_stay(build: Build, text: str, expected: list[str]) -> None:
    assert packages(build(f"{FROM}RUN {text}\n")) == expected


def test_a_conditional_removal_is_no_absence(lint: Lint) -> None:
    report = lint(f"{FROM}{CONDA}ENV PATH=/opt/conda/bin:$PATH\nRUN if [ -f /x ]; then rm -rf /opt/conda; fi\n")
    verdicts = {item.component: item.verdict for item in report.judgements}
    assert (verdicts["conda"], verdicts["python"]) == (Verdict.UNDECIDED, Verdict.UNDECIDED)


# --- other commands ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "timeout 60 pip install flask==1.0",
        "timeout -k 5 60 pip install flask==1.0",
        "su ana -c 'pip install flask==1.0'",
        "gosu ana pip install flask==1.0",
        "nice -n 5 pip install flask==1.0",
        "exec pip install flask==1.0",
        "/usr/bin/env pip install flask==1.0",
        "echo 'pip install flask==1.0' | sh",
        "cat <<EOF | bash\npip install flask==1.0\nEOF",
        "echo 'flask==1.0' | tee -a r.txt > /dev/null && pip install -r r.txt",
        "cat r.txt 2>/dev/null; echo flask==1.0 > r.txt; cat r.txt | pip install -r /dev/stdin",
        "echo fla > a && echo sk > b && pip install flask==1.0",
        ". /etc/os-release && pip install flask==1.0",
        ". /etc/os-release && if [ $VERSION_ID = 18.04 ]; then pip install flask==1.0; fi",
        'if [ "$(lsb_release -cs)" = bionic ]; then pip install flask==1.0; fi',
        "case $(lsb_release -rs) in 18.04) pip install flask==1.0 ;; esac",
        "find / -name '*.pyc' -exec rm {} \\; && pip install flask==1.0",
        "V=1.0; pip install flask==$V",
        "set -o pipefail; pip install flask==1.0 | tail",
        "python - <<EOF\nimport os\nEOF\npip install flask==1.0",
    ],
)
def test_commands_around_others_are_seen_through(build: Build, text: str) -> None:
    built = build(f"{FROM}RUN <<'SCRIPT'\n{text}\nSCRIPT\n")
    assert [entry for entry in packages(built) if " flask " in entry] == ["pip flask 1.0 somewhere"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (". /opt/x/env.sh && pip install flask==$V", "/opt/x/env.sh is sourced, and what it sets is not known"),
        ("read V < /x; pip install flask==$V", "V is read while the build runs"),
        ("pip install flask==$RANDOM", "$RANDOM is set by the shell"),
        ("pip install flask==$(cat /v)", "the output of $(cat /v) is not known before the build"),
    ],
)
def test_what_a_variable_holds_is_not_guessed(build: Build, text: str, reason: str) -> None:
    (found,) = build(f"{FROM}RUN {text}\n").packages
    assert (found.versions, found.unknown) == (None, reason)


def test_the_text_of_a_known_file_is_known(build: Build) -> None:
    built = build(f"{FROM}COPY version /v\nRUN pip install flask==$(cat /v)\n", {"version": "1.0\n"})
    assert packages(built) == ["pip flask 1.0 somewhere"]


@pytest.mark.parametrize(
    ("text", "place", "version"),
    [
        ("ln -s /usr/bin/python3.8 /usr/local/bin/python", "/usr/local", "3.8"),
        ("ln -sf /usr/bin/python3.8 /usr/bin/python3", "/usr", "3.8"),
        ("update-alternatives --install /usr/bin/python python /usr/bin/python3.8 1", "/usr", "3.8"),
        ("update-alternatives --set python /usr/bin/python3.7", "/usr", "3.7"),
    ],
)
def test_links_say_which_python_it_is(build: Build, text: str, place: str, version: str) -> None:
    assert packages(build(f"{FROM}RUN {text}\n")) == [f"link python {version} {place}"]


def test_labels_ports_and_the_start_are_kept(build: Build) -> None:
    built = build(f'{FROM}ARG P=5001\nLABEL a=b c=$P\nEXPOSE 80 $P/tcp\nENTRYPOINT ["runsvdir"]\nCMD ["/var/runit"]\n')
    assert [(label.name, label.value.value) for label in built.labels] == [("a", "b"), ("c", "5001")]
    assert [port.name for port in built.exposed] == ["80", "5001/tcp"]
    assert built.entrypoint is not None
    assert built.cmd is not None
    assert (built.entrypoint.start_line, built.cmd.start_line) == (5, 6)
