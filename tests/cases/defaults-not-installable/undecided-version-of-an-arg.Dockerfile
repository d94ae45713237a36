FROM python:3.12-slim
ARG V
RUN pip install azureml-defaults==$V
