FROM ubuntu:22.04
RUN apt-get update && apt-get install -y cuda
ENV CUDA_VERSION=10.2
