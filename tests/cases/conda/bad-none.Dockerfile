# expect: found=absent line=2 column=6
FROM ubuntu:20.04
RUN apt-get update && apt-get install -y python3-pip
