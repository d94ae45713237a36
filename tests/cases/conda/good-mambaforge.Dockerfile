# expect: found=4.10.3
FROM ubuntu:20.04
RUN wget -qO /tmp/m.sh https://github.com/conda-forge/miniforge/releases/download/4.10.3-1/Mambaforge-4.10.3-1-Linux-x86_64.sh
RUN /bin/bash /tmp/m.sh -b -p /opt/conda
