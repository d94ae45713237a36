RATIO = 1 / 0


def init():
    pass


def run(raw):
    return raw
