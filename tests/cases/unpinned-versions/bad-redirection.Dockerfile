# expect: count=1 line=3 column=17 message=redirection
FROM python:3.8-slim
RUN pip install azureml-defaults>=1.36
