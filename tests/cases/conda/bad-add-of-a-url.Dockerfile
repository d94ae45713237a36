# expect: found=4.3.31
FROM ubuntu:18.04
ADD https://repo.anaconda.com/miniconda/Miniconda3-4.3.31-Linux-x86_64.sh /tmp/conda.sh
RUN ["/bin/bash", "/tmp/conda.sh", "-b", "-p", "/opt/conda"]
