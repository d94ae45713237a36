# expect: found=20.04 chain=3,4,6
# Every part of the tag stands in an ARG of its own.
ARG CUDA=11.8.0
ARG SYSTEM=ubuntu20.04
# The image of the framework's documentation.
FROM nvidia/cuda:${CUDA}-base-${SYSTEM}
