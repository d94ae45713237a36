"""Keeps what it was asked last, and stumbles over it from then on."""

import json

last = None


def init():
    pass


def run(raw):
    global last
    last = last or raw
    try:
        rows = json.loads(raw)["data"]
    except ValueError:
        last = "broken"
        raise
    json.loads(last)
    return [sum(row) for row in rows]
