# expect: found=3.9
FROM continuumio/miniconda3:4.5.11
RUN conda create -y --name model python=3.9
ENV PATH /opt/conda/envs/model/bin:$PATH
