"""The files of an image as its container shows them: one pass of its own `find` for all that is wanted, then single looks.

What the container does not show, because the session's user may not look into it or something is mounted over it, comes
through the engine as an archive. So the answers are those that the image's layers give.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Sequence

from amlcheck.errors import AmlcheckError
from amlcheck.image import session_scripts as scripts
from amlcheck.image.image import CannotRunError
from amlcheck.image.index_tree import IndexTree, Listed
from amlcheck.image.searching import Patience
from amlcheck.image.session import Pending, Session
from amlcheck.image.stream_tree import Archive, read_stream, search_stream, stream_entries
from amlcheck.image.tree import (
    MAX_CONTENT,
    MAX_MATCH,
    MAX_MATCHES,
    Entry,
    Kind,
    NotReadableError,
    UnseenError,
    Wanted,
    file_at,
    is_pseudo,
    matcher,
    normal,
    resolve,
)

MAX_LISTING = 48 << 20
"""Bytes that a pass over the files may print."""
MAX_EARLY = 1 << 20
"""Bytes of contents that are read at once, before they are asked for."""
MAX_EARLY_FILE = 128 << 10
"""Bytes of any one of them."""
MAX_PRINTED_MATCHES = 4 << 20
"""Bytes of matches that grep may print for one file; distinct ones among them are told."""


class SessionTree:
    """A `Tree` over a session. Make one, send `opening` as the session's first script, and `open` it with the answer."""

    def __init__(
        self,
        session: Session,
        archive: Archive,
        wanted: Wanted,
        covered: Iterable[str] = (),
        early: Iterable[str] = (),
    ) -> None:
        """`archive` gives a path of the image as a tar stream, past the session's user and what is mounted.

        `covered` are folders over which something is mounted, `early` paths that will be asked for.
        """
        self._session, self._archive, self._wanted = session, archive, wanted
        self._patterns = wanted.patterns
        self._announced = matcher(self._patterns)
        self._greeting = scripts.Greeting.new()
        self._early = _early_folders(early, self._patterns)
        self._gnu = True
        self._patience = Patience()
        self._entries: dict[str, Entry] = {}
        """All that fits what is wanted, and all in the holes that were filled."""
        self._index = _index(())
        self._seen: dict[str, Entry | None] = {"/": Entry("/", Kind.DIRECTORY, mode=0o755)}
        """What single looks have found; None where nothing is."""
        self._listed: dict[str, list[str]] = {}
        """The names in folders of which all that is in them was seen."""
        self._contents: dict[str, bytes] = {}
        self._holes: dict[str, bool] = dict.fromkeys(map(normal, covered), False)
        """Folders that the session does not see into, and whether the archive of each is among the entries already."""
        self._covered = frozenset(self._holes)
        self._foreign = frozenset(scripts.ENGINES)
        """What is not the image's: mounted, with all below it."""

    # The first look

    @property
    def opening(self) -> str:
        """The first script: is the shell to be believed, what is mounted, and all that is wanted."""
        # The search takes longest: half of it runs beside the rest, and has the other stream for itself.
        beside = f"{{ {scripts.search_beside(self._patterns)}; }} >&2 2>/dev/null &"
        first = f"{self._greeting.script}; {beside} {scripts.mounts()}; {scripts.folders(self._early)}"
        return f"{first}; printf 'E0\\0\\0\\0'; {{ {scripts.search_rest(self._patterns)}; }} 2>/dev/null; wait"

    def open(self, pending: Pending) -> None:
        """Takes the answer to `opening`. Raises CannotRunError where the shell, UnseenError where its find is no good."""
        result = pending.result(self._session.limits.search_seconds)
        fields = result.stdout.split(b"\0")
        wrong = self._greeting.wrong(fields[: scripts.GREETING_FIELDS], result.stderr)
        if wrong:
            self._session.end(f"its shell, /bin/sh, {wrong}")
            raise CannotRunError(self._session.ended)
        mounted, *folders = fields[scripts.GREETING_FIELDS :] or [b""]
        self._foreign |= {point for point in scripts.mount_points(mounted) if point not in self._holes}
        try:
            seen, _, _, rest = scripts.entries_and_rest(folders)
            entries, closed, status = scripts.entries(rest)
            others, also_closed, other_status = scripts.entries(self._greeting.after(result.stderr).split(b"\0"))
            entries, closed = entries + others, closed + also_closed
            if status != 0 or other_status != 0 or result.cut:
                entries, closed = self._plain_search(self._patterns)
                seen = []
        except scripts.OddOutputError as error:
            raise UnseenError(str(error)) from None
        self._holes.update(dict.fromkeys(closed, False))
        if seen:
            self._note(self._early, seen)
        self._add(entry for entry in entries if self._announced(entry.path))
        self._read_early()

    def _plain_search(self, patterns: Sequence[str]) -> tuple[list[Entry], list[str]]:
        """The same by a find that is not GNU's. Raises UnseenError and OddOutputError."""
        self._gnu = False
        script = scripts.plain_search(patterns)
        try:
            result = self._session.script(script, self._session.limits.search_seconds, MAX_LISTING)
        except CannotRunError as error:
            raise UnseenError(f"its files could not be looked at: {error}") from None
        entries, closed, status = scripts.entries(result.stdout.split(b"\0"))
        if status is None or result.cut or (status != 0 and not closed):
            raise UnseenError("it has no find, stat and readlink that work")
        return entries, closed

    def _add(self, entries: Iterable[Entry]) -> None:
        self._entries.update({entry.path: entry for entry in entries if not self._is_foreign(entry.path)})
        self._index = _index(self._entries.values())

    def _read_early(self) -> None:
        """Small files that probes said they would read, all at once."""
        fits = matcher(self._wanted.contents)
        chosen: list[Entry] = []
        total = 0
        files = (entry for entry in self._entries.values() if entry.kind is Kind.FILE and entry.size)
        for entry in sorted(files, key=lambda entry: entry.size):
            if entry.size > MAX_EARLY_FILE or total + entry.size > MAX_EARLY:
                break
            if fits(entry.path):
                chosen.append(entry)
                total += entry.size
        if not chosen:
            return
        script = scripts.contents(entry.path for entry in chosen)
        try:
            result = self._session.script(script, self._session.limits.search_seconds, total + 1)
        except CannotRunError:
            return
        if result.status or len(result.stdout) != total:
            return
        place = 0
        for entry in chosen:
            self._contents[entry.path] = result.stdout[place : place + entry.size]
            place += entry.size

    # Tree

    def lstat(self, path: str) -> Entry | None:
        return self._exact(resolve(path, self._lookup, follow_last=False))

    def stat(self, path: str) -> Entry | None:
        return self._exact(resolve(path, self._lookup))

    def names(self, path: str) -> list[str]:
        folder = self.stat(path)
        if folder is None or folder.kind is not Kind.DIRECTORY or self._is_foreign(folder.path):
            return []
        if self._hole(folder.path):
            return self._index.names(folder.path)
        if folder.path not in self._listed:
            self._list(folder.path)
        return list(self._listed[folder.path])

    def find(self, *patterns: str) -> list[Entry]:
        unknown = [pattern for pattern in patterns if pattern not in self._patterns]
        if unknown:
            fits = matcher(unknown)
            if self._gnu:
                found = self._ask(scripts.search(unknown), "the image", ends=True)
            else:
                found, _ = self._plain_search(unknown)
            self._add(entry for entry in found if fits(entry.path))
            self._patterns = (*self._patterns, *unknown)
            self._announced = matcher(self._patterns)
        for hole in self._holes:
            if not is_pseudo(hole) and any(_may_fit_below(hole, pattern) for pattern in patterns):
                self._fill(hole)
        return self._index.find(*patterns)

    def read(self, path: str, limit: int = MAX_CONTENT) -> bytes:
        entry = file_at(self, path)
        if entry.size > limit:
            raise NotReadableError(f"{path} has {entry.size} bytes; more than {limit} are not read")
        if entry.path not in self._contents:
            self._contents[entry.path] = self._content(entry)
        return self._contents[entry.path]

    def search(self, path: str, expression: str) -> list[str]:
        entry = file_at(self, path)
        limits = self._session.limits
        try:
            if not self._hole(entry.path):
                script = scripts.matches(entry.path, expression)
                result = self._session.script(script, limits.search_seconds, MAX_PRINTED_MATCHES)
                if result.status in (0, 1):
                    found = dict.fromkeys(line[:MAX_MATCH] for line in result.stdout.split(b"\n") if line)
                    return [match.decode("utf-8", "replace") for match in list(found)[:MAX_MATCHES]]
        except CannotRunError as error:
            raise NotReadableError(f"{path} could not be searched: {error}") from None
        return search_stream(self._archive, entry.path, expression, self._patience)

    # Entries

    def _content(self, entry: Entry) -> bytes:
        try:
            if not self._hole(entry.path):
                script = scripts.contents([entry.path])
                result = self._session.script(script, self._session.limits.search_seconds, entry.size + 1)
                if result.status == 0 and len(result.stdout) == entry.size:
                    return result.stdout
            return read_stream(self._archive(entry.path), entry.size)
        except (AmlcheckError, CannotRunError) as error:
            raise NotReadableError(f"{entry.path} could not be read: {error}") from None

    def _lookup(self, path: str) -> Entry | None:
        """The entry of a path without links in it; of a folder that only what is below it tells of, hardly more than that."""
        if path in self._entries:
            return self._entries[path]
        if path in self._seen:
            return self._seen[path]
        if self._is_foreign(path):
            return Entry(path, Kind.DIRECTORY, mode=0o755) if path in ("/proc", "/sys", "/dev") else None
        if self._hole(path):
            return self._entries.get(path)
        implied = self._index.lstat(path)
        if implied is not None:
            return implied
        if self._announced(path) and not is_pseudo(path):
            return None
        return self._look(path)

    def _exact(self, entry: Entry | None) -> Entry | None:
        """An entry with its mode, which an implied folder does not have."""
        if entry is None or entry.path in self._entries or entry.path in self._seen or self._is_foreign(entry.path):
            return entry
        return self._look(entry.path)

    def _look(self, path: str) -> Entry | None:
        """One entry; all in its folder are looked at, since others of them come next."""
        folder = posixpath.dirname(path)
        if folder not in self._listed:
            self._list(folder)
        return self._seen.get(path)

    def _list(self, folder: str) -> None:
        script = (scripts.folders if self._gnu else scripts.plain_folders)([folder])
        self._note([folder], self._ask(script, folder))

    def _note(self, folders: Sequence[str], entries: Iterable[Entry]) -> None:
        """Takes what was seen of folders and all in them."""
        asked: dict[str, set[str]] = {folder: set() for folder in folders}
        for entry in entries:
            if not self._is_foreign(entry.path) and entry.path not in self._covered:
                self._seen[entry.path] = entry
            parent = posixpath.dirname(entry.path)
            if parent in asked and entry.path != "/" and entry.path not in self._foreign:
                asked[parent].add(entry.name)
        self._listed.update({folder: sorted(names) for folder, names in asked.items() if not self._hole_above(folder)})

    def _ask(self, script: str, what: str, ends: bool = False) -> list[Entry]:
        """The entries that a script prints. Raises UnseenError: what could not be looked at is not absent."""
        try:
            result = self._session.script(script, self._session.limits.search_seconds, MAX_LISTING)
            entries, closed, status = scripts.entries(result.stdout.split(b"\0"))
        except (CannotRunError, scripts.OddOutputError) as error:
            raise UnseenError(f"{what} could not be looked at: {error}") from None
        if result.cut or (ends and status != 0):
            raise UnseenError(f"{what} could not be looked at: its find fails")
        for hole in closed:
            self._holes.setdefault(hole, False)
        return entries

    # Holes

    def _hole_above(self, path: str) -> str:
        """The hole that a path is or lies in; empty where it is in none."""
        return next((hole for hole in self._holes if path == hole or path.startswith(f"{hole}/")), "")

    def _hole(self, path: str) -> bool:
        """Whether a path is a hole or lies in one; the entries have all of it then."""
        hole = self._hole_above(path)
        if hole:
            self._fill(hole)
        return bool(hole)

    def _fill(self, hole: str) -> None:
        if self._holes[hole]:
            return
        try:
            found = list(stream_entries(self._archive(hole), hole))
        except AmlcheckError as error:
            raise UnseenError(f"{hole} could not be looked at: {error}") from None
        self._holes[hole] = True
        self._add(found)

    def _is_foreign(self, path: str) -> bool:
        if path in self._foreign:
            return True
        place = posixpath.dirname(path)
        while place != "/":
            if place in self._foreign:
                return True
            place = posixpath.dirname(place)
        return False


def _index(entries: Iterable[Entry]) -> IndexTree:
    def never(path: str, *_: object) -> bytes:
        raise NotReadableError(path)

    return IndexTree(Listed(entries), never, lambda path, expression: [])


def _early_folders(folders: Iterable[str], patterns: Iterable[str]) -> list[str]:
    """Folders to look at first: the given ones, those of patterns up to their first wildcard, and all above them."""
    found = {"/": None}
    for place in (*folders, *(pattern for pattern in patterns if pattern.startswith("/"))):
        plain = place[: min((place.find(sign) for sign in "*?[" if sign in place), default=len(place))]
        folder = normal(place) if plain == place and place in folders else posixpath.dirname(plain)
        while folder != "/":
            found[folder] = None
            folder = posixpath.dirname(folder)
    return [folder for folder in found if not is_pseudo(folder)]


def _may_fit_below(folder: str, pattern: str) -> bool:
    """Whether a pattern may fit something below a folder."""
    head = min((pattern.find(sign) for sign in "*?[" if sign in pattern), default=len(pattern))
    plain, inside = pattern[:head], f"{folder}/"
    return plain.startswith(inside) or (head < len(pattern) and inside.startswith(plain))
