# options: --flavour openmpi-gpu
FROM nvidia/cuda:11.0-runtime-ubuntu18.04
ENV NCCL_VERSION=2.8.3
