FROM python:3.10-slim
RUN pip install azureml-inference-server-http==1.5.1
