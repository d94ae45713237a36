"""Puts the members of one layer together as unpacking them one after another would."""

from __future__ import annotations

from array import array
from collections import defaultdict
from itertools import islice

from amlcheck.image.index_tree import fitting
from amlcheck.image.layer_index import DIRECTORY, FILE, HARD_LINK, IMPLIED, LINK, OTHER, LayerIndex
from amlcheck.image.patterns import Patterns, joined
from amlcheck.image.searching import Patience, Search
from amlcheck.image.tar import Member, Stream, TarError, TarLimitError, content
from amlcheck.image.tree import MAX_CONTENT, MAX_LINKS, Kind, Wanted

MAX_NAMES = 1_000_000
"""Names in one layer; images with several conda environments have some hundred thousand."""
MAX_NAME_BYTES = 256 << 20
"""Bytes of all names in one layer."""
MAX_STEPS = 10_000_000
"""Parts of paths that are followed through links while a layer is put together; it is far less than one a name."""
MAX_KEPT = 32 << 20
"""Bytes of contents that are kept of one layer; what is beyond is read again when it is asked for."""
MAX_FITTING = 20_000
"""Names of one layer that are noted for the patterns that were announced; for the others they are looked for when asked."""
_WHITEOUT, _OPAQUE, _AUFS = ".wh.", ".wh..wh..opq", "/.wh..wh."


class Builder:
    """One layer while its members come."""

    def __init__(self, wanted: Wanted, patience: Patience) -> None:
        self._where: dict[str, int] = {}
        """The row of each path. Rows that were replaced stay until the end."""
        self._kinds, self._modes = bytearray(), array("H")
        self._sizes, self._starts = array("Q"), array("Q")
        self._targets: dict[int, str] = {}
        self._whiteouts: list[str] = []
        self._opaque: list[str] = []
        self._contents: dict[int, bytes] = {}
        self._matches: dict[tuple[int, str], list[str]] = {}
        self._patterns = wanted.patterns
        self._fits = Patterns(wanted.patterns)
        self._fitting: set[int] = set()
        """Rows of names that fit one of them."""
        self._keeps = Patterns(wanted.contents)
        self._searches = [(Patterns((pattern,)), expression) for pattern, expression in wanted.searches]
        self._looks = Patterns((*wanted.contents, *(pattern for pattern, _ in wanted.searches)))
        self._patience = patience
        self._steps = 0
        self._kept = self._name_bytes = 0
        self._folders = {"": ""}
        """Where in the layer the names of a folder are put: links to folders are followed."""
        self._cut: dict[str, int] = {}
        """Folders that something else replaced: how many names there were then."""
        self._has_notes = False
        """Whether it has folders in which AUFS kept notes of its own."""

    def add(self, member: Member, stream: Stream) -> None:
        """One member, whose content has not been read yet."""
        path, kind = member.path, member.kind
        folder, _, name = path.rpartition("/")
        here = self._folders.get(folder)
        if here is None:
            here = self._place(folder)
        if name[:4] == _WHITEOUT:
            self._whiteout(here, name)
            return
        if here != folder:
            path = f"{here}/{name}"
        if kind is Kind.FILE and name:
            fits = self._put(path, FILE, member.mode, member.size, member.start, "")
            if fits and member.size and self._looks(path):
                self._look(path, member, stream)
        elif kind is Kind.DIRECTORY:
            self._put(path, DIRECTORY, member.mode, 0, 0, "")
        elif not name:
            raise TarError("something in it that is no folder claims to be the root")
        elif kind is None:
            self._put(path, *self._linked(member.target))
        else:
            self._put(path, LINK if kind is Kind.LINK else OTHER, member.mode, 0, 0, member.target)

    def index(self) -> LayerIndex:
        """What the layer comes to."""
        where = self._remaining() if self._cut or self._has_notes else self._where
        inside: dict[str, dict[str, int]] = defaultdict(dict)
        for path, row in where.items():
            folder, _, name = path.rpartition("/")
            inside[folder][name] = row
        folders, firsts, names, rows = sorted(inside), array("I"), list[str](), array("I")
        for folder in folders:
            own = inside[folder]
            ordered = sorted(own)
            firsts.append(len(names))
            names += ordered
            rows.extend(map(own.__getitem__, ordered))
        found = LayerIndex(
            folders,
            firsts,
            names,
            bytes(map(self._kinds.__getitem__, rows)),
            array("H", map(self._modes.__getitem__, rows)),
            array("Q", map(self._sizes.__getitem__, rows)),
            array("Q", map(self._starts.__getitem__, rows)),
            {place: self._targets[row] for place, row in enumerate(rows) if row in self._targets},
            self._whiteouts,
            self._opaque,
        )
        kept = {*self._contents, *(start for start, _ in self._matches)}
        rest = zip(found.starts, found.kinds, strict=True)
        seen = (
            {start for start, code in rest if code == FILE and start in kept} if len(rows) < len(self._kinds) else kept
        )
        found.contents = {start: data for start, data in self._contents.items() if start in seen}
        found.matches = {key: lines for key, lines in self._matches.items() if key[0] in seen}
        found.fitting = self._noted(found, [place for place, row in enumerate(rows) if row in self._fitting])
        return found

    def _noted(self, index: LayerIndex, places: list[int]) -> dict[str, list[int]]:
        """By pattern: those of the places whose paths fit it, unless they are very many."""
        found = {}
        there = {index.path(place): place for place in places}
        text, left = joined(there), MAX_FITTING
        for pattern in self._patterns:
            fit = [there[path] for path in islice(fitting(there, text, pattern), left + 1)]
            if len(fit) <= left:
                found[pattern] = fit
                left -= len(fit)
        return found

    def _put(self, path: str, code: int, mode: int, size: int, start: int, target: str) -> bool:
        """Adds a name; whether it fits a pattern."""
        row = len(self._kinds)
        if code > IMPLIED:
            old = self._where.get(path)
            if old is not None and self._kinds[old] <= IMPLIED:
                self._cut[path] = row
            if path in self._folders:
                self._folders = {"": ""}
        self._name_bytes += len(path) + len(target)
        if row >= MAX_NAMES or self._name_bytes > MAX_NAME_BYTES:
            raise TarError(
                f"it has more than {MAX_NAMES} names, or they are longer than {MAX_NAME_BYTES} bytes together"
            )
        self._where[path] = row
        self._kinds.append(code)
        self._modes.append(mode)
        self._sizes.append(size)
        self._starts.append(start)
        if target:
            self._targets[row] = target
        fits = self._fits(path)
        if fits:
            self._fitting.add(row)
        return fits

    def _whiteout(self, folder: str, name: str) -> None:
        if name == _OPAQUE:
            self._opaque.append(folder or "/")
        elif not name.startswith(_OPAQUE[:8]) and name[4:] not in ("", ".", ".."):
            self._whiteouts.append(f"{folder}/{name[4:]}")

    def _look(self, path: str, member: Member, stream: Stream) -> None:
        """Keeps the content of a file, and searches it, as far as that was asked for."""
        searches = [
            (expression, Search(expression, self._patience))
            for fits, expression in self._searches
            if (member.start, expression) not in self._matches and fits(path)
        ]
        if member.size <= min(MAX_CONTENT, MAX_KEPT - self._kept) and self._keeps(path):
            data = self._contents[member.start] = content(member, stream)
            self._kept += len(data)
            for _, search in searches:
                search.feed(data)
        elif searches:
            for piece in stream.pieces(member.stored):
                for _, search in searches:
                    search.feed(piece)
        for expression, search in searches:
            search.feed(b"", last=True)
            if not self._patience.over:
                self._matches[member.start, expression] = search.matches
                self._kept += sum(map(len, search.matches))

    def _linked(self, target: str) -> tuple[int, int, int, int, str]:
        """What a hard link is: kind, mode, size, start and target of what it links to."""
        folder, _, name = target.rpartition("/")
        row = self._where.get(f"{self._folders.get(folder, folder)}/{name}")
        if row is None:
            return HARD_LINK, 0o644, 0, 0, target
        code = self._kinds[row]
        if code in (DIRECTORY, IMPLIED):
            code = OTHER
        return code, self._modes[row], self._sizes[row], self._starts[row], self._targets.get(row, "")

    def _place(self, folder: str) -> str:
        """Where in the layer the names of a folder are put; folders that no member tells of are made."""
        known, names = folder, []
        self._has_notes = self._has_notes or _AUFS in folder
        while known not in self._folders:
            known, _, name = known.rpartition("/")
            names.append(name)
        here = self._folders[known]
        for name in reversed(names):
            here = self._enter(here, name, [])
            known = f"{known}/{name}"
            self._folders[known] = here
        return here

    def _enter(self, here: str, name: str, ahead: list[str]) -> str:
        """Goes from a folder into one of its names, and on along the names ahead; links are followed inside the layer."""
        links = 0
        ahead.append(name)
        while ahead:
            self._steps += 1
            name = ahead.pop()
            if name == "..":
                here = here.rpartition("/")[0]
                continue
            path = f"{here}/{name}"
            row = self._where.get(path)
            code = IMPLIED if row is None else self._kinds[row]
            if self._steps > MAX_STEPS:
                raise TarLimitError("its links lead on and on")
            if code == LINK and links < MAX_LINKS:
                links += 1
                target = self._targets.get(row or 0, "")
                here = "" if target.startswith("/") else here
                ahead.extend(part for part in reversed(target.split("/")) if part not in ("", "."))
                continue
            if row is None or code not in (DIRECTORY, IMPLIED):
                self._put(path, IMPLIED, 0o755, 0, 0, "")
            here = path
        return here

    def _remaining(self) -> dict[str, int]:
        """Only what is there in the end: nothing below a folder that was replaced."""
        cuts: dict[str, int] = {"": -1}
        found = {
            path: row
            for path, row in self._where.items()
            if _AUFS not in path and not (self._cut and row < self._replaced(path.rpartition("/")[0], cuts))
        }
        for path in list(found):
            folder = path.rpartition("/")[0]
            while folder and folder not in found:
                found[folder] = len(self._kinds)
                self._put(folder, IMPLIED, 0o755, 0, 0, "")
                folder = folder.rpartition("/")[0]
        return found

    def _replaced(self, folder: str, cuts: dict[str, int]) -> int:
        """When a folder, or one above it, was last replaced."""
        names = []
        while folder not in cuts:
            names.append(folder)
            folder = folder.rpartition("/")[0]
        last = cuts[folder]
        for name in reversed(names):
            last = cuts[name] = max(last, self._cut.get(name, -1))
        return last
