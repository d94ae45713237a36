# options: --flavour openmpi-gpu
# expect: found=7.5.0.56 line=4 column=19 chain=4,5
FROM nvidia/cuda:10.0-base-ubuntu16.04
ENV CUDNN_PACKAGE=7.5.0.56-1+cuda10.0
RUN apt-get update && apt-get install -y libcudnn7=${CUDNN_PACKAGE}
