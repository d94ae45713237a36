# expect: found=3.9
FROM python:3.9-slim
RUN python -m venv /venv
ENV PATH=/venv/bin:$PATH
