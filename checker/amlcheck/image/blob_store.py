"""The cache of images from registries: blobs by their digests, and an OCI layout for each image that links to them.

    registry/blobs/sha256/HEX            a blob, complete and verified
    registry/images/HEX/                 an OCI layout, by the digest of its manifest; its blobs are hard links
    registry/new/…                       files and layouts that are being written; locked while their writer lives

A name under blobs/ or images/ appears by a rename, so what has one is whole. A blob that no layout links to any more has one
link left and can go. Whoever uses an image holds a shared lock on its `oci-layout` until its process ends.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import secrets
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import IO, TYPE_CHECKING

from amlcheck.errors import AmlcheckError, UnreadableError
from amlcheck.image.cache_folder import VARIABLE, cache_folder
from amlcheck.image.manifest import OCI_INDEX, Descriptor

if TYPE_CHECKING:
    from amlcheck.image.registry import RemoteImage, Told
    from amlcheck.image.registry_client import RegistryClient

try:
    import fcntl
except ImportError:  # Windows, where a file that is open cannot be deleted anyway
    fcntl = None  # type: ignore[assignment]

MAX_BYTES = 64 * 10**9
"""Bytes of all images together, compressed as they come; the least recently used go first."""
LIMIT = "AMLCHECK_CACHE_GB"
"""The variable that replaces MAX_BYTES, in GB."""
PARALLEL = 3
"""Blobs that are read at the same time, as docker does."""
STALL_SECONDS = 60.0
STALL_BYTES = 1 << 20
"""A blob is given up where fewer bytes than these come in STALL_SECONDS."""
RESUMES = 5
"""Times that a broken download goes on where it ended."""
FREE = 256 << 20
"""Bytes that stay free on the disk."""
STALE_SECONDS = 600.0
"""Where there is no lock to tell: seconds after which nobody writes to a new file or folder any more."""
UNLINKED_SECONDS = 7 * 86400.0
"""Seconds that the blobs of an unfinished download are kept for another try."""
MARK = "oci-layout"
"""The file of a layout that is locked."""
_TOLD_EVERY = 0.1
_held: dict[int, int] = {}
"""Locks on the images that this process uses: open descriptors, by the inode of the mark."""


class BlobStore:
    """One cache folder."""

    def __init__(self, folder: Path | None = None) -> None:
        """Raises AmlcheckError where the folder cannot be made."""
        if folder is None:
            self.folder = cache_folder("registry")
        else:
            self.folder = folder / "registry"
        self.blobs, self.images, self.new = (
            self.folder / "blobs" / "sha256",
            self.folder / "images",
            self.folder / "new",
        )
        try:
            for each in (self.blobs, self.images, self.new):
                each.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise self._unusable(error) from error

    def layout(self, digest: str) -> Path | None:
        """The layout of the image with this manifest, if it is there; it then stays until this process ends."""
        folder = self.images / digest.removeprefix("sha256:")
        mark = folder / MARK
        try:
            lock = os.open(mark, os.O_RDONLY)
        except OSError:
            return None
        number = os.fstat(lock).st_ino
        try:
            kept = _lock(lock, shared=True) and mark.stat().st_ino == number
        except OSError:
            kept = False
        if not kept or number in _held:  # Not kept: it was just being removed.
            os.close(lock)
        if not kept:
            return None
        _held.setdefault(number, lock)
        with contextlib.suppress(OSError):
            os.utime(folder)
        return folder

    def fetch(self, client: RegistryClient, image: RemoteImage, told: Told) -> Path:
        """Reads what is missing of an image, and makes its layout. `told` is called from several threads, one at a time.

        Raises AmlcheckError.
        """
        try:
            self.sweep()
            with self._building() as layout:
                self._write(image.manifest.config, image.config_body, layout)
                self._write(image.descriptor, image.body, layout)
                missing = [blob for blob in image.manifest.blobs if not self._take(blob, layout)]
                self._make_room(sum(blob.size for blob in missing), image.name)
                _Download(self, client, image, missing, layout, told).run()
                return self._publish(layout, image)
        except OSError as error:
            raise self._unusable(error) from error

    def sweep(self) -> None:
        """Removes what writers that are dead left."""
        for each in self.new.iterdir():
            with contextlib.suppress(OSError):
                locked = each / MARK if each.is_dir() else each
                if fcntl is None or not locked.exists():
                    if time.time() - each.stat().st_mtime > STALE_SECONDS:
                        _remove(each)
                    continue
                with locked.open("rb") as file:
                    if _lock(file):
                        _remove(each)

    @contextlib.contextmanager
    def writing(self) -> Iterator[tuple[IO[bytes], Path]]:
        """A new file, locked; removed at the end unless it was renamed."""
        file, path = _locked(lambda: self.new / f"{secrets.token_hex(8)}.part")
        try:
            yield file, path
        finally:
            file.close()
            path.unlink(missing_ok=True)

    def keep(self, file: IO[bytes], path: Path, blob: Descriptor, layout: Layout) -> None:
        """A new file, complete and verified, becomes a blob: of the layout first, so that it never has one link only."""
        file.flush()
        os.fsync(file.fileno())
        if fcntl is None:
            file.close()
        _link(path, layout.blobs / blob.hex)
        path.replace(self.blobs / blob.hex)

    @contextlib.contextmanager
    def _building(self) -> Iterator[Layout]:
        """A new layout, locked; removed at the end unless it was renamed."""
        layout = Layout(self.new / secrets.token_hex(8))
        try:
            yield layout
        finally:
            layout.mark.close()
            shutil.rmtree(layout.folder, ignore_errors=True)

    def _write(self, blob: Descriptor, body: bytes, layout: Layout) -> None:
        if not self._take(blob, layout):
            with self.writing() as (file, path):
                file.write(body)
                self.keep(file, path, blob, layout)

    def _take(self, blob: Descriptor, layout: Layout) -> bool:
        """Links a blob that is there into a layout."""
        there, name = self.blobs / blob.hex, layout.blobs / blob.hex
        try:
            if name.exists():
                return True
            if there.stat().st_size != blob.size:
                return False
            _link(there, name)
        except FileNotFoundError:
            return False
        return True

    def _publish(self, layout: Layout, image: RemoteImage) -> Path:
        """The layout of an image whose blobs are all there, under its name."""
        top = image.descriptor
        entry = {"mediaType": top.media_type, "digest": top.digest, "size": top.size}
        index = json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [entry]})
        (layout.folder / "index.json").write_text(index, encoding="utf-8")
        folder = self.images / top.hex
        with contextlib.suppress(OSError):  # Another process may have been faster: then its folder is there.
            if fcntl is None:
                layout.mark.close()
            layout.folder.rename(folder)
        # The mark's lock goes with the handle; the image gets its own before that.
        if fcntl is not None:
            fcntl.flock(layout.mark, fcntl.LOCK_SH)
        found = self.layout(image.digest)
        if found is None:
            raise AmlcheckError(f"{self.folder}: {image.name} was removed while it was read; run it again")
        return found

    # --- room --------------------------------------------------------------------------------------------------------

    def _make_room(self, needed: int, name: str) -> None:
        """Removes the least recently used images until the limit and the disk have room. Raises AmlcheckError."""
        limit = _limit()
        if needed + FREE > self._free() + self._size():
            raise self._full(needed, name)
        old = sorted(self.images.iterdir(), key=_last_used)
        tight = False
        while True:
            self._drop_unlinked(tight)
            short = self._free() < needed + FREE
            if not short and self._size() + needed <= limit:
                return
            if tight and not old:
                break
            if tight:
                self._drop(old.pop(0))
            tight = True
        if short:
            raise self._full(needed, name)

    def _drop(self, folder: Path) -> None:
        """Removes an image that no process uses."""
        with contextlib.suppress(OSError), (folder / MARK).open("rb") as lock:
            if _lock(lock):
                aside = self.new / secrets.token_hex(8)
                folder.rename(aside)
                shutil.rmtree(aside, ignore_errors=True)

    def _drop_unlinked(self, tight: bool) -> None:
        """Removes blobs that no layout links to: an unfinished download's only after a while, or where room is needed."""
        for blob in self.blobs.iterdir():
            with contextlib.suppress(OSError):
                found = blob.stat()
                if found.st_nlink == 1 and (tight or time.time() - found.st_mtime > UNLINKED_SECONDS):
                    blob.unlink()

    def _size(self) -> int:
        """Bytes of all blobs; those of the images are the same ones."""
        total = 0
        for blob in self.blobs.iterdir():
            with contextlib.suppress(OSError):
                total += blob.stat().st_size
        return total

    def _free(self) -> int:
        return shutil.disk_usage(self.folder).free

    def _full(self, needed: int, name: str) -> AmlcheckError:
        return AmlcheckError(
            f"{self.folder}: {name} needs {_gb(needed + FREE)} of the disk, and {_gb(self._free())} are free:"
            f" make room, or name another folder in {VARIABLE}"
        )

    def _unusable(self, error: OSError) -> AmlcheckError:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        what = "the disk is full; make room" if full else f"the cache cannot be used: {error.strerror or error}"
        return AmlcheckError(f"{self.folder}: {what}, or name another folder in {VARIABLE}")


class Layout:
    """A layout that is being made. Its mark is locked, so that nobody takes it for a dead process's."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.blobs = folder, folder / "blobs" / "sha256"
        self.blobs.mkdir(mode=0o700, parents=True)
        self.mark, _ = _locked(lambda: folder / MARK)
        self.mark.write(b'{"imageLayoutVersion": "1.0.0"}')
        self.mark.flush()


class _Download:
    """The missing blobs of one image, several at a time; the first failure ends all."""

    def __init__(
        self,
        store: BlobStore,
        client: RegistryClient,
        image: RemoteImage,
        missing: list[Descriptor],
        layout: Layout,
        told: Told,
    ) -> None:
        self._store, self._client, self._image, self._layout, self._told = store, client, image, layout, told
        self._missing = missing
        self._total = sum(blob.size for blob in image.manifest.blobs)
        self._done = self._total - sum(blob.size for blob in missing)
        self._clients: list[RegistryClient] = []
        self._lock = threading.Lock()
        self._next_told = 0.0
        self._stopped = False

    def run(self) -> None:
        """Raises AmlcheckError."""
        self._told(self._done, self._total)
        largest_first = sorted(self._missing, key=lambda blob: -blob.size)
        with ThreadPoolExecutor(PARALLEL, thread_name_prefix="blob") as pool:
            try:
                for done in as_completed([pool.submit(self._fetch, blob) for blob in largest_first]):
                    done.result()
            except BaseException:
                self._stop()
                pool.shutdown(wait=True, cancel_futures=True)
                raise
        self._told(self._total, self._total)

    def _stop(self) -> None:
        with self._lock:
            self._stopped = True
            for client in self._clients:
                client.line.cut()

    def _fetch(self, blob: Descriptor) -> None:
        with self._lock:
            if self._stopped:
                return
            client = self._client.sibling()
            self._clients.append(client)
        try:
            with self._store.writing() as (file, path):
                self._read(client, blob, file)
                self._store.keep(file, path, blob, self._layout)
        finally:
            with self._lock:
                self._clients.remove(client)
            client.close()

    def _read(self, client: RegistryClient, blob: Descriptor, file: IO[bytes]) -> None:
        """A whole blob, verified. A broken download goes on where it ended, as long as it gets further each time."""
        from amlcheck.image.registry_line import RegistryError

        hashed, done, resumes = hashlib.sha256(), 0, 0
        while done < blob.size:
            before = done
            try:
                done = self._read_on(client, blob, file, hashed, done)
            except RegistryError as error:
                done = file.tell()
                resumes = 0 if done - before >= STALL_BYTES else resumes + 1
                if self._stopped or resumes > RESUMES or (done == before and not error.transient):
                    raise
        if hashed.hexdigest() != blob.hex:
            raise UnreadableError(
                f"{self._image.name}: the registry's layer {blob.digest[:19]}… is not the one of its digest:"
                " it is damaged or forged"
            )

    def _read_on(
        self, client: RegistryClient, blob: Descriptor, file: IO[bytes], hashed: hashlib._Hash, done: int
    ) -> int:
        """Reads from `done` to the end of the blob, or as far as it goes. Raises RegistryError."""
        headers = {"Range": f"bytes={done}-"} if done else {}
        response = client.open("blobs", blob.digest, headers, STALL_SECONDS)
        skip = done if response.status_code == 200 else 0
        window = 0
        client.line.extend(STALL_SECONDS)
        while piece := client.line.piece(response):
            window += len(piece)
            if window >= STALL_BYTES:
                client.line.extend(STALL_SECONDS)
                window = 0
            new = piece[skip:]
            skip = max(0, skip - len(piece))
            if done + len(new) > blob.size:
                response.close()
                raise UnreadableError(
                    f"{self._image.name}: a layer has more than the {blob.size} bytes that are stated"
                )
            file.write(new)
            hashed.update(new)
            done += len(new)
            self._add(len(new))
        response.close()
        if done < blob.size:
            raise _short(self._image.name, blob)
        return done

    def _add(self, count: int) -> None:
        with self._lock:
            self._done += count
            now = time.monotonic()
            if now < self._next_told or self._stopped:
                return
            self._next_told = now + _TOLD_EVERY
            self._told(self._done, self._total)


def _short(name: str, blob: Descriptor) -> AmlcheckError:
    from amlcheck.image.registry_line import RegistryError

    return RegistryError(f"{name}: a layer ends before the {blob.size} bytes that are stated; try again")


def _locked(name: Callable[[], Path]) -> tuple[IO[bytes], Path]:
    """A new file that this process has locked."""
    while True:
        path = name()
        file = path.open("xb")
        if _lock(file) and path.exists():
            return file, path
        file.close()  # A sweeper was faster than the lock.


def _lock(file: IO[bytes] | int, shared: bool = False) -> bool:
    """Locks an open file until it is closed; False where another process has it."""
    if fcntl is None:
        return True
    try:
        fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # A file system without locks.
        return True
    return True


def _link(blob: Path, name: Path) -> None:
    """A hard link, or a copy where the file system has none."""
    try:
        os.link(blob, name)
    except FileNotFoundError:
        raise
    except OSError:
        shutil.copyfile(blob, name)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink()


def _last_used(folder: Path) -> float:
    try:
        return folder.stat().st_mtime
    except OSError:
        return 0.0


def _limit() -> int:
    """Raises AmlcheckError for a variable that is no number."""
    text = os.environ.get(LIMIT, "")
    if not text:
        return MAX_BYTES
    try:
        given = float(text)
    except ValueError:
        given = -1.0
    if not 0 < given < float("inf"):
        raise AmlcheckError(f"{LIMIT}: {text!r} is no number of GB")
    return int(given * 1e9)


def _gb(count: int) -> str:
    return f"{count / 1e9:.1f} GB"
