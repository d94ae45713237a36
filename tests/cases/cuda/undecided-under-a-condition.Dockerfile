# options: --require cuda>=11
# expect: found=none
FROM ubuntu:22.04
ARG GPU
RUN if [ "$GPU" = 1 ]; then apt-get update && apt-get install -y cuda-toolkit-11-8; fi
