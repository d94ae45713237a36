# expect: found=3.8
FROM ubuntu:20.04
RUN apt-get update && apt-get install -y python3.8 python3-pip && ln -s /usr/bin/python3.8 /usr/local/bin/python
