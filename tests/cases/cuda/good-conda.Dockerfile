# options: --flavour openmpi-gpu
# expect: found=10.1
FROM continuumio/miniconda3:4.9.2
RUN conda install -y cudatoolkit=10.1
