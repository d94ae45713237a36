# expect: found=>=1.36,<2
FROM python:3.8-slim
RUN pip3 install "azureml-defaults>=1.36,<2"
