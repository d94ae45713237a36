import lightgbm


def init():
    global model
    model = lightgbm.Booster()


def run(raw):
    return raw
