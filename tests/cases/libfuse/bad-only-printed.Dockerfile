# options: --datasets
# expect: found=absent
FROM ubuntu:20.04
RUN echo apt-get install -y libfuse-dev
