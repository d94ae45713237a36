# options: --datasets
# expect: found=absent
FROM ubuntu:20.04
# RUN apt-get install -y libfuse-dev
RUN apt-get update && apt-get install -y \
    # libfuse-dev \
    wget
