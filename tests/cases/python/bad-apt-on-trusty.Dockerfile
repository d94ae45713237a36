# expect: found=3.4 line=2 column=6 chain=2,3
FROM ubuntu:14.04
RUN apt-get update && apt-get install -y python3 python3-pip
