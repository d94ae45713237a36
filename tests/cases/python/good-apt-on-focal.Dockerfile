# expect: found=3.8 chain=2,3
FROM ubuntu:20.04
RUN apt-get update && apt-get install -y python3
