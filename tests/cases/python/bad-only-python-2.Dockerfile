# expect: found=2.7
FROM ubuntu:18.04
RUN apt-get update && apt-get install -y python python-pip
