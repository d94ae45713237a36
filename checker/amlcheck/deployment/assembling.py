"""Puts together what a scoring container gets: files as one tar archive, variables, and the command that starts it."""

from __future__ import annotations

import io
import os
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

from amlcheck.deployment.options import PORT, DeployOptions, Routes
from amlcheck.errors import AmlcheckError, UnreadableError
from amlcheck.image.config import ImageConfig
from amlcheck.records import dataclass, field, replace
from amlcheck.regex import regex

APP_ROOT = "/var/azureml-app"
MODEL_ROOT = f"{APP_ROOT}/azureml-models"
HELPERS = "/var/amlcheck"
"""Where our own scripts stand in the container: not in the user's folder, not in the image."""
MAX_FILES = 100_000
_LEFT_OUT = {".git", "__pycache__", ".venv", "node_modules", ".ipynb_checkpoints"}
_IN_CONTAINER = Path(__file__).parent / "in_container"
_NAME = regex(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True)
class Assembly:
    """What a container is made of besides its image."""

    mode: str
    why: str
    """Why this mode, for people."""
    routes: Routes
    environment: Mapping[str, str] = field(default_factory=dict)
    entrypoint: tuple[str, ...] = ()
    """Replaces the image's ENTRYPOINT and CMD; empty to keep them."""
    command: tuple[str, ...] = ()
    """Replaces CMD only; empty to keep it."""
    working_dir: str = ""
    exposed_only: bool = False
    """Whether only ports that the image exposes are published."""
    files: tuple[tuple[str, Path], ...] = ()
    """(path in the container, file or folder here)."""
    folders: tuple[str, ...] = ()
    built_in: bool = False
    """Whether the built-in entry script is deployed."""
    second_try: tuple[tuple[str, ...], ...] = ()
    """Entrypoints to try where the image does not have the first one's program."""
    notes: tuple[str, ...] = ()


def assemble(config: ImageConfig, options: DeployOptions) -> Assembly:
    """The container of an image, in the mode that was asked for or that fits it."""
    mode, why = _mode(config, options)
    routes = options.routes or Routes()
    if mode == "own-container":
        model = _model(options)
        environment = {"AZUREML_MODEL_DIR": model.folder} if options.model is not None else {}
        environment.update(options.environment)
        return Assembly(mode, why, routes, environment, files=model.files, folders=model.folders)
    if mode == "packaged":
        if options.model is not None:
            raise AmlcheckError(f"--model is not for a packaged image ({why}), which brings its own; see --mode")
        return Assembly(mode, why, routes, dict(options.environment))
    script, sources = _sources(options)
    model = _model(options)
    environment = {
        "AML_APP_ROOT": APP_ROOT,
        "AZUREML_ENTRY_SCRIPT": script,
        "AZUREML_MODEL_DIR": model.folder,
        **options.environment,
    }
    files = (*sources, *model.files)
    notes: tuple[str, ...] = ()
    if options.conda_file is not None:
        files = (*files, (f"{APP_ROOT}/conda.yml", options.conda_file))
        notes = (f"{options.conda_file} is put into {APP_ROOT}; no environment is made of it: the image's own is used",)
    common = Assembly(
        mode,
        why,
        routes,
        environment,
        working_dir=APP_ROOT,
        files=files,
        folders=model.folders,
        built_in=options.script is None,
        notes=notes,
    )
    return _runit(common) if mode == "v2-local" else _entry_script(common, script)


def _mode(config: ImageConfig, options: DeployOptions) -> tuple[str, str]:
    if options.mode != "auto":
        return options.mode, "asked for"
    if options.routes is not None:
        return "own-container", "its routes were given"
    if options.script is not None:
        return "entry-script", "an entry script was given"
    if "AZUREML_ENTRY_SCRIPT" in config.env or "AML_APP_ROOT" in config.env:
        name = "AZUREML_ENTRY_SCRIPT" if "AZUREML_ENTRY_SCRIPT" in config.env else "AML_APP_ROOT"
        return "packaged", f"the image sets {name}, as Model.package does"
    return "entry-script", "the image names no entry script, so the built-in one is deployed"


def _entry_script(common: Assembly, script: str) -> Assembly:
    folder = common.environment["AZUREML_MODEL_DIR"]
    given = ("--entry_script", f"{APP_ROOT}/{script}", "--model_dir", folder, "--port", str(PORT))
    helper = f"{HELPERS}/start.py"
    return replace(
        common,
        environment={**common.environment, "AMLCHECK_PORT": str(PORT)},
        entrypoint=("azmlinfsrv", *given),
        second_try=(("python", helper, *given), ("python3", helper, *given)),
        files=(*common.files, (HELPERS, _IN_CONTAINER)),
    )


def _runit(common: Assembly) -> Assembly:
    return replace(common, command=("runsvdir", "/var/runit"), exposed_only=True)


def _sources(options: DeployOptions) -> tuple[str, tuple[tuple[str, Path], ...]]:
    """The entry script's path below the app's root, and what is copied there."""
    if options.script is None:
        return "score.py", ((f"{APP_ROOT}/score.py", _IN_CONTAINER / "entry.py"),)
    if options.source is None:
        return options.script.name, ((f"{APP_ROOT}/{options.script.name}", options.script),)
    relative = options.script.resolve().relative_to(options.source.resolve())
    return relative.as_posix(), ((APP_ROOT, options.source),)


@dataclass(frozen=True)
class _Model:
    folder: str
    files: tuple[tuple[str, Path], ...]
    folders: tuple[str, ...]


def _model(options: DeployOptions) -> _Model:
    """Where AZUREML_MODEL_DIR leads: azureml-models/NAME/1, as a registered model has it."""
    if options.model is None:
        folder = f"{MODEL_ROOT}/model/1"
        return _Model(folder, (), (folder,))
    path = options.model.resolve()
    name = _NAME.sub("-", path.stem if path.is_file() else path.name).strip("-.") or "model"
    folder = f"{MODEL_ROOT}/{name}/1"
    inside = f"{folder}/{path.name}" if path.is_file() else folder
    return _Model(folder, ((inside, path),), (folder,))


def archive(assembly: Assembly) -> bytes:
    """The files of an assembly as a tar archive to be unpacked at the root. Raises AmlcheckError, UnreadableError."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        made: set[str] = set()
        count = 0
        for folder in assembly.folders:
            _make_folders(tar, folder, made)
        for target, path in assembly.files:
            for inside, file in _files(target, path):
                count += 1
                if count > MAX_FILES:
                    raise AmlcheckError(
                        f"{path}: has more than {MAX_FILES} files; give the folder that is deployed only"
                    )
                _make_folders(tar, str(PurePosixPath(inside).parent), made)
                _add(tar, inside, file)
    return out.getvalue()


def _files(target: str, path: Path) -> Iterator[tuple[str, Path]]:
    """The files below a path, with their places in the container; links are followed only inside the folder."""
    if path.is_file():
        yield target, path
        return
    root = path.resolve()
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if name not in _LEFT_OUT)
        for name in sorted(names):
            file = Path(folder) / name
            if name.endswith(".pyc") or not file.is_file() or not file.resolve().is_relative_to(root):
                continue
            yield f"{target}/{file.relative_to(root).as_posix()}", file


def _make_folders(tar: tarfile.TarFile, folder: str, made: set[str]) -> None:
    """Entries for a folder and those above it, so that every user of the image may read them."""
    parts = PurePosixPath(folder).parts[1:]
    for number in range(2, len(parts) + 1):
        name = "/".join(parts[:number])
        if name not in made:
            made.add(name)
            entry = tarfile.TarInfo(name)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o777
            tar.addfile(entry)


def _add(tar: tarfile.TarFile, inside: str, path: Path) -> None:
    try:
        with path.open("rb") as file:
            found = os.fstat(file.fileno())
            entry = tarfile.TarInfo(inside.lstrip("/"))
            entry.size, entry.mtime = found.st_size, int(found.st_mtime)
            entry.mode = 0o755 if found.st_mode & 0o111 else 0o644
            tar.addfile(entry, file)
    except OSError as error:
        raise UnreadableError(f"{path}: cannot be read: {error.strerror or error}") from error
