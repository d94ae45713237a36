FROM python:3.10-slim
ARG V
RUN pip install azureml-inference-server-http==1.5.1 flask==$V
