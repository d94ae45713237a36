# options: --flavour openmpi-gpu
# expect: found=2.3
FROM continuumio/miniconda3:4.9.2
RUN conda install -y nccl=2.3
