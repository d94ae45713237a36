# expect: found=1.0.43
FROM python:3.6-slim
COPY <<requirements.txt /tmp/
azureml-defaults==1.0.43
requirements.txt
RUN pip install -r /tmp/requirements.txt
