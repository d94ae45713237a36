# options: --datasets
# expect: found=absent
FROM python:3.8-slim
RUN pip install fusepy==3.0.1
