# expect: found=1.0.43 line=3 column=17 chain=3,4
FROM python:3.6-slim
ARG SDK_VERSION=1.0.43
RUN pip install azureml-defaults==${SDK_VERSION}
