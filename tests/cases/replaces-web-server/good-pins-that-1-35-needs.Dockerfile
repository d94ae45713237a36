FROM python:3.8-slim
RUN pip install azureml-defaults==1.35.0 jinja2==3.0.3 itsdangerous==2.0.1
