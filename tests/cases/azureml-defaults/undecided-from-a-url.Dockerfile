# expect: found=none
FROM python:3.8-slim
RUN pip install "azureml-defaults @ https://example.com/azureml-defaults.zip"
