# options: --require cuda>=11
# expect: found=11.8.0 line=4 column=18 chain=4,5
FROM ubuntu:22.04
ENV CUDA_RELEASE=11.8.0
ADD https://developer.download.nvidia.com/compute/cuda/${CUDA_RELEASE}/local_installers/cuda_${CUDA_RELEASE}_520.61.05_linux.run /tmp/cuda.run
RUN sh /tmp/cuda.run --silent --toolkit
