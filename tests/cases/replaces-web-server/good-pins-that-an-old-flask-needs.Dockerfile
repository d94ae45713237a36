FROM python:3.7-slim
RUN pip install azureml-defaults==1.13.0 jinja2==3.0.3 itsdangerous==2.0.1
