# options: --require cuda>=11
# expect: found=11.4 line=4 column=18
FROM registry.example.com/team/gpu:3
ENV CUDA_VERSION=11.4
