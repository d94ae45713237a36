FROM python:3.8-slim
ARG V
RUN pip install numpy==$V
