# expect: count=2
FROM nvidia/cuda:11.8.0-base-ubuntu22.04
ARG BUILT_FOR=+cuda12.1
RUN apt-get update && apt-get install -y libcudnn8=8.9.2.26-1${BUILT_FOR} libnccl2=2.18.3-1${BUILT_FOR}
