# expect: count=1 message=gunicorn
FROM python:3.10-slim
RUN pip install azureml-inference-server-http==1.5.1
RUN pip install gunicorn==19.9.0
