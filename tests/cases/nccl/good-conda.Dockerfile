# options: --flavour intelmpi-gpu
# expect: found=2.4
FROM continuumio/miniconda3:4.9.2
RUN conda install -y nccl=2.4
