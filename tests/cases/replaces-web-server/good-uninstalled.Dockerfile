FROM python:3.10-slim
RUN pip install azureml-inference-server-http==1.5.1 flask==1.1.4 && pip uninstall -y flask
