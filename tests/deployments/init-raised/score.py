def init():
    settings = {}
    print(settings["threshold"])


def run(raw):
    return raw
