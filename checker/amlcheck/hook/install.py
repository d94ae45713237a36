"""`amlcheck hook install` and `uninstall`: where git looks for hooks, what was there is kept beside it and put back."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

from amlcheck.errors import AmlcheckError
from amlcheck.hook.git import Git, GitError, opened
from amlcheck.hook.script import BEFORE, is_ours, is_unchanged, make_script

NAME = "pre-push"


def install(force: bool = False, images: bool = False) -> list[str]:
    """Installs the hook, or renews it, with images built or without; returns what to tell. Raises AmlcheckError."""
    with opened() as git:
        folder, told = _hooks_folder(git)
    place, kept = folder / NAME, folder / BEFORE
    try:
        folder.mkdir(parents=True, exist_ok=True)
        there = _content(place)
        if there is not None and is_ours(there):
            _check_unchanged(place, there, force)
            _write(place, make_script(sys.executable, _content(kept), images))
            return [f"{_shown(place)}: is installed already, and now up to date", *told]
        if there is not None:
            if os.path.lexists(kept):
                raise AmlcheckError(
                    f"{_shown(kept)}: is left of an earlier installation, and {NAME} is another hook; remove one of them"
                )
            told = [f"the hook that was there runs first; it is kept as {_shown(kept)}", *told]
            _keep(place, kept)
        elif os.path.lexists(kept):
            told = [f"{_shown(kept)} is there and runs first", *told]
        _write(place, make_script(sys.executable, there if there is not None else _content(kept), images))
    except OSError as error:
        raise AmlcheckError(f"{_shown(place)}: cannot be written: {error.strerror or error}") from error
    return [f"{_shown(place)}: installed; what is pushed is checked from now on", *told]


def uninstall(force: bool = False) -> list[str]:
    """Removes the hook and puts back what was there; returns what to tell. Raises AmlcheckError."""
    with opened() as git:
        folder, _ = _hooks_folder(git)
    place, kept = folder / NAME, folder / BEFORE
    there = _content(place)
    if there is None or not is_ours(there):
        legacy = folder / f"{NAME}.legacy"
        if is_ours(_content(legacy) or b""):
            raise AmlcheckError(
                f"{_shown(place)}: is pre-commit's, which runs amlcheck's as {legacy.name}: remove that"
            )
        return [
            f"{_shown(place)}: is not amlcheck's; nothing was removed" if there is not None else "no hook was installed"
        ]
    _check_unchanged(place, there, force)
    try:
        if os.path.lexists(kept):
            os.replace(kept, place)
            return [f"{_shown(place)}: is again the hook that was there before"]
        place.unlink()
    except OSError as error:
        raise AmlcheckError(f"{_shown(place)}: cannot be removed: {error.strerror or error}") from error
    return [f"{_shown(place)}: removed"]


def _hooks_folder(git: Git) -> tuple[Path, list[str]]:
    """Where git looks for the hooks of the repository around the working folder, and what is to be known of it.

    Raises AmlcheckError where there is no repository.
    """
    top = git.line("rev-parse", "--show-toplevel") or git.line("rev-parse", "--absolute-git-dir")
    if not top:
        try:
            git.out("rev-parse", "--absolute-git-dir")
        except GitError as error:
            raise AmlcheckError(f"{error}: run it in the repository whose pushes are to be checked") from error
    configured = git.line("config", "--type=path", "--get", "core.hooksPath")
    if not configured:
        return Path(git.folder) / git.line("rev-parse", "--git-path", "hooks"), []
    folder = Path(top) / configured
    if configured in ("/dev/null", "NUL"):
        raise AmlcheckError(f"core.hooksPath is {configured}: this repository's hooks are switched off")
    scope = git.line("config", "--show-scope", "--get", "core.hooksPath").partition("\t")[0]
    if scope in ("global", "system"):
        return folder, [
            f"core.hooksPath is set in the {scope} configuration: every repository that uses it runs the hook"
        ]
    inside = _is_below(folder, Path(top)) and not _is_below(folder, Path(git.line("rev-parse", "--absolute-git-dir")))
    if inside:
        told = "that folder is part of the working tree: elsewhere than here the hook uses the amlcheck on PATH"
        return folder, [told]
    return folder, []


def _is_below(path: Path, folder: Path) -> bool:
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))


def _content(place: Path) -> bytes | None:
    """A hook's content, empty where it leads nowhere; None where there is none. Raises AmlcheckError."""
    if not os.path.lexists(place):
        return None
    if place.is_dir():
        raise AmlcheckError(f"{_shown(place)}: is a folder, not a hook; move it away")
    try:
        return place.read_bytes()
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise AmlcheckError(f"{_shown(place)}: cannot be read: {error.strerror or error}") from error


def _check_unchanged(place: Path, there: bytes, force: bool) -> None:
    if not force and not is_unchanged(there):
        raise AmlcheckError(
            f"{_shown(place)}: was changed after it was installed; move your lines to {BEFORE}, or use --force to lose them"
        )


def _keep(place: Path, kept: Path) -> None:
    """Gives the hook that is there its second name, so that at no time none is in place."""
    try:
        os.link(place, kept, follow_symlinks=False)
    except (OSError, NotImplementedError):
        os.replace(place, kept)


def _write(place: Path, content: bytes) -> None:
    """Puts an executable script there at once or not at all."""
    new = place.with_name(f"{place.name}.amlcheck-{os.getpid()}")
    try:
        with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o777), "wb") as file:
            file.write(content)
        os.replace(new, place)
    finally:
        with suppress(OSError):
            new.unlink()


def _shown(path: Path) -> str:
    """A path for people: relative to where they are, if it is below."""
    try:
        return os.path.relpath(path) if _is_below(path, Path.cwd()) else str(path)
    except (OSError, ValueError):
        return str(path)
