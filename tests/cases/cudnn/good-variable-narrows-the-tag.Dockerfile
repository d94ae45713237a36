# options: --require cudnn>=8.2
# expect: found=8.2.0.53
FROM nvidia/cuda:11.3.1-cudnn8-runtime-ubuntu18.04
ENV NV_CUDNN_VERSION=8.2.0.53
