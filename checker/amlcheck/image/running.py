"""Opening an image of an engine: its one container, the session in it, its files and its host."""

from __future__ import annotations

import contextlib
import threading

from amlcheck.errors import AmlcheckError
from amlcheck.image import ownership
from amlcheck.image.config import ImageConfig
from amlcheck.image.engine import Container, Engine, NoEngineError
from amlcheck.image.host import files_only_host, session_host
from amlcheck.image.image import CannotRunError, Image
from amlcheck.image.limits import Limits
from amlcheck.image.session import SHELL, Channel, Session, shown
from amlcheck.image.session_tree import MAX_LISTING, SessionTree
from amlcheck.image.stream_tree import tree_of_stream
from amlcheck.image.tree import Tree, UnseenError, Wanted
from amlcheck.records import dataclass

SOURCE = "the engine"
EARLY = ("/etc/alternatives", "/root", "/var/lib", "/opt")
"""Folders that links and packages lead to, looked at with those of PATH."""
_NO_SHELL = ("no such file or directory", "executable file not found", "not found in $path", "permission denied")
_NO_GPU = ("device driver", "nvidia", "cdi", "gpu")


@dataclass
class _Started:
    """A container whose shell answers."""

    container: Container
    session: Session
    tree: Tree | None
    """None where its find is no good."""


def open_image(
    engine: Engine, shown_as: str, name: str, wanted: Wanted, limits: Limits, *, execute: bool = True, gpus: str = ""
) -> Image:
    """Starts the one container of an image and looks at its files; closing it closes the engine. Raises AmlcheckError.

    Where nothing can be run in it, the image answers from its files alone, and says why.
    """
    config, digest = engine.config(name)
    sweeping = threading.Thread(target=_sweep, args=(engine,), daemon=True)
    sweeping.start()
    started, reason = None, "--execute never"
    try:
        if execute:
            started = _start(engine, digest or name, config, wanted, limits, gpus)
    except CannotRunError as error:
        reason = str(error)
    finally:
        sweeping.join()
    container = started.container if started is not None else engine.create(digest or name, (), limits)
    try:
        tree = started.tree if started is not None else None
        if tree is None:
            tree = tree_of_stream(container.export(), container.archive, wanted, limits.export_seconds)
    except BaseException:
        ownership.give_up(container.close)
        raise
    session = started.session if started is not None else None
    host = files_only_host(tree, reason, shown_as) if session is None else session_host(shown_as, session, tree)

    def close() -> None:
        if session is not None:
            session.end("the image was closed")
        container.close()
        engine.close()

    cannot_run = reason if session is None else ""
    return Image(shown_as, tree, config, host, SOURCE, digest, cannot_run, close)


def _start(engine: Engine, image: str, config: ImageConfig, wanted: Wanted, limits: Limits, gpus: str) -> _Started:
    """Raises CannotRunError where nothing can be run in the image, AmlcheckError where something else is wrong."""
    container = engine.create(image, config.volumes, limits, gpus)
    channel: Channel | None = None
    try:
        channel = container.attach()
        session = Session(channel, limits)
        tree = SessionTree(session, container.archive, wanted, ("/tmp", *config.volumes), (*config.path, *EARLY))
        # Sent before the shell is there to read it: it answers while the engine still reports that it has started it.
        pending = session.begin(tree.opening, MAX_LISTING)
        try:
            container.start()
        except NoEngineError:
            raise
        except AmlcheckError as error:
            raise _not_started(str(error), config, gpus) from None
        try:
            tree.open(pending)
        except UnseenError:
            return _Started(container, session, None)
        except CannotRunError:
            if session.ended:
                engine.platform()  # raises where it is the engine that went away
                raise
            return _Started(container, session, None)
        return _Started(container, session, tree)
    except BaseException:
        if channel is not None:
            channel.close()
        ownership.give_up(container.close)
        raise


def _not_started(told: str, config: ImageConfig, gpus: str) -> Exception:
    """What it means that the engine could not start a container."""
    words = told.lower()
    if gpus and any(word in words for word in _NO_GPU):
        return AmlcheckError(f"--gpus {gpus}: {told}")
    if "exec format error" in words:
        return CannotRunError(f"the engine cannot run programs for {config.platform}")
    if SHELL in words and any(word in words for word in _NO_SHELL):
        return CannotRunError(f"it has no shell ({SHELL})")
    return CannotRunError(f"its container does not start: {shown(told, 300)}")


def _sweep(engine: Engine) -> None:
    """What a dead run left goes at the start of the next one; where it cannot, the next one tries again."""
    with contextlib.suppress(AmlcheckError):
        engine.sweep_once()
