FROM python:3.8-slim
ARG PACKAGES
RUN pip install $PACKAGES
