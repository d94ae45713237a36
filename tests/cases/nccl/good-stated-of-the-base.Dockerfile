# options: --flavour openmpi-gpu
# expect: found=2.4.8
FROM nvidia/cuda:10.0-runtime-ubuntu18.04
ENV NCCL_VERSION=2.4.8
