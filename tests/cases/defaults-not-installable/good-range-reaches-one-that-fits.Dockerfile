FROM python:3.10-slim
RUN pip install "azureml-defaults>=1.20"
