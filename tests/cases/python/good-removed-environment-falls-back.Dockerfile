# expect: found=3.8
FROM continuumio/miniconda3:4.9.2
RUN conda create -y -n old python=3.5
RUN conda env remove -y -n old
ENV PATH=/opt/conda/envs/old/bin:$PATH
