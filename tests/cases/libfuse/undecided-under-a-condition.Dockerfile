# options: --datasets
# expect: found=none
FROM ubuntu:20.04
ARG DATASETS
RUN if [ -n "$DATASETS" ]; then apt-get update && apt-get install -y libfuse-dev; fi
