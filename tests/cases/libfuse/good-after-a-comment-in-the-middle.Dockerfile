# options: --datasets
FROM ubuntu:20.04
RUN apt-get update && \
    # what datasets need
    apt-get install -y \
      wget \

      libfuse-dev
