# expect: count=1 line=3 column=54 text=flask==1.1.4
FROM python:3.10-slim
RUN pip install azureml-inference-server-http==1.5.1 flask==1.1.4
