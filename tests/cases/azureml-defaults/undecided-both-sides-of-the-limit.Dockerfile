# expect: found=>=1.0.40,<1.1
FROM python:3.8-slim
RUN pip install "azureml-defaults>=1.0.40,<1.1"
