# options: --profile azureml-2020-03
# expect: found=3.6
FROM python:3.6-slim
