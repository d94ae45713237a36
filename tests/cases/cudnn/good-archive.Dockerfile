# options: --flavour openmpi-gpu
# expect: found=7.4.2.24
FROM nvidia/cuda:10.0-devel-ubuntu16.04
RUN wget -q https://example.com/redist/cudnn-10.0-linux-x64-v7.4.2.24.tgz && tar xzf cudnn-10.0-linux-x64-v7.4.2.24.tgz -C /usr/local
