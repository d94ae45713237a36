# options: --profile azureml-2020-03
# expect: found=3.7
FROM python:3.7-slim
