def init():
    pass


def predict(raw):
    return raw
