# options: --flavour openmpi-gpu
# expect: found=7.6.5.32
FROM nvidia/cuda:10.0-devel-ubuntu16.04
RUN curl -fsSL http://developer.download.nvidia.com/compute/redist/cudnn/v7.6.5/cudnn-10.0-linux-x64-v7.6.5.32.tgz -O && \
    tar --no-same-owner -xzf cudnn-10.0-linux-x64-v7.6.5.32.tgz -C /usr/local
