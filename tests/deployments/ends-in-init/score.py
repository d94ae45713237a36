import os


def init():
    os._exit(7)


def run(raw):
    return raw
