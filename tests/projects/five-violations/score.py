"""Scores a request."""


def init() -> None:
    """Loads nothing."""


def run(data: str) -> str:
    """Echoes what it is given."""
    return data
