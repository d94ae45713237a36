# expect: found=3.5
FROM continuumio/miniconda3:4.9.2
RUN conda install -y python=3.8
RUN conda install -y python=3.5
