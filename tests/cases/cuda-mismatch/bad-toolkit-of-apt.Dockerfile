# expect: count=1
FROM ubuntu:22.04
RUN apt-get update && apt-get install -y cuda-toolkit-11-8 libcudnn8=8.9.2.26-1+cuda12.1
