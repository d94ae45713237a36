from azureml.core.model import Model


def init():
    global path
    path = Model.get_model_path("model")


def run(raw):
    return raw
