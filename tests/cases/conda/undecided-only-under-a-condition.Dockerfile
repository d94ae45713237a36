# expect: found=none reason=condition
FROM ubuntu:20.04
RUN if [ -f /etc/want-conda ]; then \
      wget -q https://repo.anaconda.com/miniconda/Miniconda3-4.3.11-Linux-x86_64.sh -O /tmp/conda.sh && \
      bash /tmp/conda.sh -b -p /opt/conda; \
    fi
