# expect: found=none reason="ARG PYTHON_VERSION has no default"
FROM continuumio/miniconda3:4.9.2
ARG PYTHON_VERSION
RUN conda install -y python=${PYTHON_VERSION}
