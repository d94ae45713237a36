FROM continuumio/miniconda3:4.9.2
ENV PATH=/opt/conda/bin:$PATH
