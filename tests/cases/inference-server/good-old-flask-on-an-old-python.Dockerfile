# expect: found=flask
FROM python:3.6-slim
RUN pip install azureml-defaults==1.13.0
