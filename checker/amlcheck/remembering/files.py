"""The report on one file, remembered with all that its check looked at."""

from __future__ import annotations

import io
import pickle
from importlib import import_module
from typing import TYPE_CHECKING, Any

from amlcheck import looking
from amlcheck.remembering.looks import Look, Looks, unchanged
from amlcheck.remembering.store import Store, installation, key_of, working_folder

if TYPE_CHECKING:
    from collections.abc import Callable

    from amlcheck.lint import LintOptions
    from amlcheck.model import SubjectReport

_KNOWN = frozenset(
    {
        "amlcheck.model",
        "amlcheck.versions",
        "amlcheck.records",
        "packaging.version",
        "packaging._structures",
    }
)
"""Modules whose classes stand in a report. No other name is ever looked up, whatever the file says."""


class _Reports(pickle.Unpickler):
    """Reads reports and nothing else: a pickle may otherwise call anything."""

    def find_class(self, module: str, name: str) -> Any:
        if module not in _KNOWN or name.startswith("__") or "." in name:
            raise pickle.UnpicklingError(f"{module}.{name} is no part of a report")
        found = getattr(import_module(module), name)
        if not isinstance(found, type) and name != "_restored":
            raise pickle.UnpicklingError(f"{module}.{name} is no class")
        return found


class FileMemory:
    """What is remembered of files under one set of options."""

    def __init__(self, options: LintOptions, day: str) -> None:
        self._store = Store()
        self._options = options
        self._common = key_of(installation(), working_folder(), day)

    def _key(self, name: str) -> str:
        options = self._options
        named = options.named is None or name in options.named
        beside = (options.environments.get(name), options.dockerfiles.get(name), named)
        own = options.of(name)
        circumstances = (own.profile, own.circumstances, own.target, sorted(own.build_args.items()), own.context)
        return key_of("file", self._common, name, beside, circumstances, own.refused.get(name, ""))

    def recalled(self, name: str) -> tuple[SubjectReport, list[Look]] | None:
        """The report on a file all of whose looks give the same again."""
        entry = self._store.get(self._key(name))
        if not isinstance(entry, tuple) or len(entry) != 2 or not unchanged(entry[0]):
            return None
        try:
            report: SubjectReport = _Reports(io.BytesIO(entry[1])).load()
        except Exception:  # whatever a broken pickle raises
            return None
        return report, entry[0]

    def checked(self, name: str, check: Callable[[], SubjectReport]) -> tuple[SubjectReport, list[Look], bool]:
        """The report of a check, what it looked at, and whether that tells all; it is remembered where it does."""
        looks = Looks()
        with looking.heard_by(looks):
            report = check()
        if looks.lasting:
            self._store.put(self._key(name), (looks.all(), pickle.dumps(report, protocol=5)))
        return report, looks.all(), looks.lasting

    def prune(self) -> None:
        self._store.prune()
