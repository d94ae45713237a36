# expect: found=4.7.12 line=4 column=13 chain=4,5,9
FROM ubuntu:20.04 AS conda
# The ARG is this stage's.
ARG VERSION=4.7.12
RUN wget -q https://repo.anaconda.com/miniconda/Miniconda3-${VERSION}-Linux-x86_64.sh -O /tmp/conda.sh && \
    bash /tmp/conda.sh -b -p /opt/conda

FROM ubuntu:20.04
COPY --from=conda /opt/conda /opt/conda
