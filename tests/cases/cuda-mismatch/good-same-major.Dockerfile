FROM nvidia/cuda:11.8.0-base-ubuntu20.04
RUN apt-get update && apt-get install -y libcudnn8=8.6.0.163-1+cuda11.5 libnccl2=2.15.5-1+cuda11.8
