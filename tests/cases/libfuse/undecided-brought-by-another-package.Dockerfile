# options: --datasets
# expect: found=none
FROM ubuntu:20.04
RUN apt-get update && apt-get install -y s3fs
