# expect: found=present
FROM python:3.6-slim
RUN pip install "azureml-defaults>=1.13,<1.40"
