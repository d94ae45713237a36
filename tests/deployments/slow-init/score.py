"""Is ready only after the seconds of SLOW_INIT_SECONDS."""

import json
import os
import time


def init():
    time.sleep(float(os.environ["SLOW_INIT_SECONDS"]))


def run(raw):
    return [sum(row) for row in json.loads(raw)["data"]]
