FROM python:3.10-slim
ARG PACKAGE
RUN pip install numpy=$PACKAGE
