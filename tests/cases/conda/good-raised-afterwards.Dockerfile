# expect: found=4.7.12
FROM continuumio/miniconda3:4.3.27
RUN conda install -y conda=4.7.12
