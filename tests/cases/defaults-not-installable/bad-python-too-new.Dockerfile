# expect: count=1 message="the image has 3.12"
FROM python:3.12-slim
RUN pip install azureml-defaults==1.40.0
