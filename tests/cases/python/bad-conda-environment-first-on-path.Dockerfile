# expect: found=3.5 line=3 column=29
FROM continuumio/miniconda3:4.7.12
RUN conda create -y -n old  python=3.5 numpy
ENV PATH=/opt/conda/envs/old/bin:$PATH
