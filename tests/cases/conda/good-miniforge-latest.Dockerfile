# expect: found=>=26.3.2
FROM ubuntu:20.04
RUN wget -q "https://github.com/conda-forge/miniforge/releases/latest/download/Miniforge3-$(uname)-$(uname -m).sh" && \
    bash Miniforge3-Linux-x86_64.sh -b -p /opt/conda
