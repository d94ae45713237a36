FROM continuumio/miniconda3:4.9.2
RUN conda install -y numpy=1.2
