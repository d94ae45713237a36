# options: --require nccl>=2.14
# expect: found=2.14.3
FROM python:3.10-slim
RUN pip install nvidia-nccl-cu11==2.14.3
