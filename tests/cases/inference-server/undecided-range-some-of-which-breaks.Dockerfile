# expect: found=none
FROM python:3.8-slim
RUN pip install "azureml-defaults>=1.13,<1.40"
