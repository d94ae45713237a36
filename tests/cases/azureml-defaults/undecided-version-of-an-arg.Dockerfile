# expect: found=none reason="ARG V has no default"
FROM python:3.8-slim
ARG V
RUN pip install azureml-defaults==$V
