# options: --flavour openmpi-gpu
# expect: found=2.3.7 line=4 column=42
FROM nvidia/cuda:10.0-base-ubuntu16.04
RUN apt-get update && apt-get install -y libnccl2=2.3.7-1+cuda10.0
