"""What a test needs and this machine lacks: skipped with one line where people work, a failure in a gate."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


def lacking(what: str) -> NoReturn:
    """Ends the test that asks. With CI set a skip would hide that something was not tested."""
    if os.environ.get("CI"):
        pytest.fail(what, pytrace=False)
    pytest.skip(what)
