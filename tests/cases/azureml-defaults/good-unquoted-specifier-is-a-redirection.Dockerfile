# expect: found=>=1.60.0 line=3 column=17
FROM python:3.8-slim
RUN pip install azureml-defaults>=1.0.40
