# options: --datasets
# expect: found=present|2.9.9
FROM ubuntu:20.04
RUN apt-get update && apt-get install -y libfuse-dev
