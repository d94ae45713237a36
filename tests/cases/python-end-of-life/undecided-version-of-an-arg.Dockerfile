FROM continuumio/miniconda3:4.9.2
ARG PYTHON
RUN conda install -y python=$PYTHON
