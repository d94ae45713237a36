FROM python:3.10-slim
RUN pip install numpy=1.2 || true
RUN pip install numpy=1.2; echo done
