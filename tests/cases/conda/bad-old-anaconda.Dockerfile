# expect: found=4.3.21
FROM ubuntu:18.04
RUN wget https://repo.anaconda.com/archive/Anaconda3-4.4.0-Linux-x86_64.sh && \
    bash Anaconda3-4.4.0-Linux-x86_64.sh -b -p /opt/conda
