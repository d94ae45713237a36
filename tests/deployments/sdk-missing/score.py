from azureml.api.schema.dataTypes import DataTypes


def init():
    global types
    types = DataTypes.NUMPY


def run(raw):
    return raw
