# expect: count=1 message="CUDA_VERSION is 11.7"
FROM ubuntu:22.04
RUN apt-get update && apt-get install -y cuda-toolkit-11-8
ENV OTHER=1 CUDA_VERSION=11.7
