FROM python:3.10-slim
RUN poetry add numpy=1.2
