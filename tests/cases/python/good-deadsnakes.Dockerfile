# expect: found=3.8
FROM ubuntu:18.04
RUN apt-get update && apt-get install -y software-properties-common && \
    add-apt-repository -y ppa:deadsnakes/ppa && apt-get update && \
    apt-get install -y python3.8 python3.8-distutils && \
    update-alternatives --install /usr/bin/python python /usr/bin/python3.8 1
