# expect: found=absent
FROM python:3.8-slim
RUN pip install azureml-defaults==1.35.0
