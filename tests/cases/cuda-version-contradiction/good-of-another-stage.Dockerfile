FROM ubuntu:20.04 AS notes
ENV CUDA_VERSION=9.0
FROM nvidia/cuda:11.3.1-runtime-ubuntu20.04
