# expect: count=1 message=/opt/conda/envs/modell/bin
FROM continuumio/miniconda3:4.9.2
RUN conda create -y -n model python=3.8
ENV PATH=/opt/conda/envs/modell/bin:$PATH
