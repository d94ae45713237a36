# options: --flavour openmpi-gpu
# expect: found=10.0
FROM ubuntu:16.04
RUN apt-get update && apt-get install -y --no-install-recommends cuda-cudart-10-0
