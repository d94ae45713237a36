"""Answers the good request and takes the server with it on anything that is not JSON."""

import json
import os
import signal


def init():
    pass


def run(raw):
    try:
        rows = json.loads(raw)["data"]
    except ValueError:
        os.kill(os.getppid(), signal.SIGTERM)
        raise
    return [sum(row) for row in rows]
