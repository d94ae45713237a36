"""amlcheck: tells whether a custom Docker image can be used on Azure Machine Learning, before it is pushed."""

__version__ = "0.1.0"
