# expect: count=1
FROM nvidia/cuda:11.3.1-runtime-ubuntu20.04 AS base
ENV CUDA_VERSION 10.0
FROM base
