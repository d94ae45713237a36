# options: --flavour openmpi-gpu
# expect: found=7.4
FROM continuumio/miniconda3:4.9.2
RUN conda install -y cudatoolkit=10.0 cudnn=7.4
