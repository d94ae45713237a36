# expect: found=azureml-inference-server-http
FROM python:3.10-slim
RUN pip install azureml-defaults
