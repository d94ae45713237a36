# expect: found=absent
FROM ubuntu:18.04 AS build
RUN wget -q https://repo.anaconda.com/miniconda/Miniconda3-4.7.12-Linux-x86_64.sh -O /tmp/conda.sh && \
    bash /tmp/conda.sh -b -p /opt/conda && mkdir /app
FROM ubuntu:18.04
COPY --from=build /app /app
