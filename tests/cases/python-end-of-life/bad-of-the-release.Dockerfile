# expect: count=1 message="Python 3.5"
FROM ubuntu:16.04
RUN apt-get update && apt-get install -y python3
