FROM python:3.12-slim
RUN pip install azureml-defaults==1.99.0
