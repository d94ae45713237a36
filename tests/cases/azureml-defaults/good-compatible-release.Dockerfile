# expect: found=~=1.36.0
FROM python:3.8-slim
RUN pip install azureml-defaults~=1.36.0
