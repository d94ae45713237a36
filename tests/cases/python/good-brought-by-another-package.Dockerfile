# expect: found=3.8
FROM ubuntu:20.04
RUN apt-get update && apt-get install -y software-properties-common
