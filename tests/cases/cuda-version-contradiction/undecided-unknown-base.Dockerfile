FROM registry.example.com/team/gpu:3
ENV CUDA_VERSION=10.2
