# expect: count=1 line=4 column=18
FROM nvidia/cuda:11.3.1-runtime-ubuntu20.04
ARG CUDA=12.1.0
ENV CUDA_VERSION=$CUDA
