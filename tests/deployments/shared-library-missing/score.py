"""What `import lightgbm` or `import cv2` comes to where the system lacks a library, with one that no system has."""

import ctypes


def init():
    try:
        ctypes.CDLL("libgomp-of-nobody.so.1")
    except OSError as error:
        raise ImportError(str(error)) from error


def run(raw):
    return raw
