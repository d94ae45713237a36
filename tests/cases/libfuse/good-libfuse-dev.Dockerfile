# options: --datasets
# expect: found=present line=4 column=42
FROM ubuntu:20.04
RUN apt-get update && apt-get install -y libfuse-dev
