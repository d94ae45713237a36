"""Decorated: the server parses the body itself, and /swagger.json has an example."""

import numpy
from inference_schema.parameter_types.numpy_parameter_type import NumpyParameterType
from inference_schema.schema_decorators import input_schema, output_schema

SAMPLE = numpy.array([[1, 2, 3], [4, 5, 6]])


def init():
    pass


@input_schema("data", NumpyParameterType(SAMPLE))
@output_schema(NumpyParameterType(numpy.array([6, 15])))
def run(data):
    return data.sum(axis=1).tolist()
