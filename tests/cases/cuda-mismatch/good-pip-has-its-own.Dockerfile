FROM nvidia/cuda:11.3.1-base-ubuntu20.04
RUN pip install nvidia-cudnn-cu12==8.9.2.26
