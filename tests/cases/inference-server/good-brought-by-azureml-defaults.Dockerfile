# expect: found=azureml-inference-server-http
FROM python:3.8-slim
RUN pip install azureml-defaults==1.43.0
