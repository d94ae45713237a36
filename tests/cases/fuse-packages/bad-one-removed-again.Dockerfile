# expect: count=1 message="there is no fusermount"
FROM ubuntu:20.04
RUN apt-get update && apt-get install -y fuse libfuse-dev
RUN apt-get remove -y fuse
