# options: --user-managed
# expect: found=none
FROM python:3.8-slim
COPY . /app
RUN pip install /app
