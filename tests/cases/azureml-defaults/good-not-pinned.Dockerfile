# expect: found=>=1.60.0
FROM python:3.8-slim
RUN pip install azureml-defaults
