FROM python:3.8-slim
ARG V
RUN pip install azureml-defaults==$V jinja2==3.0.3
