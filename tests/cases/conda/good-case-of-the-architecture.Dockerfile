# expect: found=4.8.3
FROM ubuntu:20.04
ARG TARGETARCH
RUN case "$TARGETARCH" in \
      amd64) ARCH=x86_64; V=py38_4.8.3 ;; \
      arm64) ARCH=aarch64; V=py37_4.3.11 ;; \
    esac && \
    curl -fsSL "https://repo.anaconda.com/miniconda/Miniconda3-${V}-Linux-${ARCH}.sh" -o /tmp/c.sh && \
    bash /tmp/c.sh -b -p /opt/conda
