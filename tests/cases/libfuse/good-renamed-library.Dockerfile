# options: --datasets
FROM ubuntu:24.04
RUN apt-get update && apt-get install -y libfuse2t64
