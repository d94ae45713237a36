FROM continuumio/miniconda3:4.9.2
RUN conda create -y -n model "python>=3.7"
ENV PATH=/opt/conda/envs/model/bin:$PATH
