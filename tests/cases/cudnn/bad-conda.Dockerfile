# options: --require cudnn>=8
# expect: found=7.6
FROM continuumio/miniconda3:4.9.2
RUN conda install -y cudatoolkit=10.1 cudnn=7.6
