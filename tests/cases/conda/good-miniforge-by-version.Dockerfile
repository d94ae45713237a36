# expect: found=22.9.0
FROM ubuntu:20.04
ENV MINIFORGE=22.9.0-3
RUN curl -fsSL https://github.com/conda-forge/miniforge/releases/download/${MINIFORGE}/Miniforge3-${MINIFORGE}-Linux-x86_64.sh \
      -o miniforge.sh && bash miniforge.sh -b -p /opt/conda
