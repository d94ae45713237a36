# expect: found=>=3.5
FROM continuumio/miniconda3:4.9.2
RUN conda create -y -n model "python>=3.5"
ENV PATH=/opt/conda/envs/model/bin:$PATH
