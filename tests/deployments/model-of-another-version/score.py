"""Unpickles a model whose class is not where it was when the model was pickled (scikit-learn moved such modules)."""

import os
import pickle


def init():
    global model
    with open(os.path.join(os.environ["AZUREML_MODEL_DIR"], "model.pkl"), "rb") as file:
        model = pickle.load(file)


def run(raw):
    return model
