# options: --flavour openmpi-gpu
# expect: found=8.2.1.32 line=4 column=42
FROM nvidia/cuda:11.3.1-base-ubuntu20.04
RUN apt-get update && apt-get install -y libcudnn8=8.2.1.32-1+cuda11.3
