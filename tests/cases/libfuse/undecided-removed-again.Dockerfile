# options: --datasets
FROM ubuntu:20.04
RUN apt-get update && apt-get install -y libfuse-dev && apt-get purge -y libfuse-dev
