# expect: found=>=1.47.0
FROM python:3.6-slim
RUN pip install azureml-defaults
