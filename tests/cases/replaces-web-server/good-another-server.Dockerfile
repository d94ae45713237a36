FROM python:3.10-slim
RUN pip install flask==1.1.4 gunicorn==20.1.0
