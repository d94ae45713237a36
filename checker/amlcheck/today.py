"""What day it is: the only place that asks, so that a report of another day can be made again."""

from __future__ import annotations

import os
from datetime import date

from amlcheck.errors import ConfigError

VARIABLE = "AMLCHECK_TODAY"
"""YYYY-MM-DD; for the ends of life of releases and the ends of ignores."""


def today() -> date:
    """The day that the environment names, else this one, where this machine is. Raises ConfigError for no date."""
    given = os.environ.get(VARIABLE, "")
    if not given:
        return date.today()
    try:
        return date.fromisoformat(given)
    except ValueError as error:
        raise ConfigError(f"{VARIABLE}={given!r}: is no date; write it as YYYY-MM-DD") from error
