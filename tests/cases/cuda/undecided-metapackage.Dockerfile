# options: --require cuda>=11
# expect: found=present
FROM ubuntu:22.04
RUN apt-get update && apt-get install -y cuda
