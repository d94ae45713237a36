# expect: found=3.5.6 line=3 column=20
FROM continuumio/miniconda3:4.7.12
ARG PYTHON_VERSION=3.5.6
RUN conda install -y "python=${PYTHON_VERSION}"
