# options: --require cuda
# expect: found=absent
FROM nvidia/cuda:11.8.0-devel-ubuntu22.04 AS build
RUN nvcc --version > /version.txt
FROM ubuntu:22.04
COPY --from=build /version.txt /version.txt
