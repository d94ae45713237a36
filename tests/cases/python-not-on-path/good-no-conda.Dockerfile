FROM python:3.8-slim
RUN python -m venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH
