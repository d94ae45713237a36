# options: --build-arg PYTHON=3.8
# expect: found=3.8
ARG PYTHON=2.7
FROM python:${PYTHON}-slim
