# options: --require cuda>=11
# expect: found=10.2 line=3 column=10 chain=3,4
ARG CUDA=10.2
FROM nvidia/cuda:${CUDA}-base-ubuntu18.04
