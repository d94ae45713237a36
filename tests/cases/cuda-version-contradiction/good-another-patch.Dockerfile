FROM nvidia/cuda:11.3.1-runtime-ubuntu20.04
ENV CUDA_VERSION=11.3
