# expect: count=1 line=3 column=18
FROM nvidia/cuda:11.3.1-runtime-ubuntu20.04
ENV CUDA_VERSION=10.2
