FROM continuumio/miniconda3:4.9.2
COPY environment.yml .
RUN conda env create -f environment.yml
ENV PATH=/opt/conda/envs/model/bin:$PATH
