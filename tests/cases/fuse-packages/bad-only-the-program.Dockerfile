# expect: count=1 line=3 column=42 message="but not libfuse-dev"
FROM ubuntu:20.04
RUN apt-get update && apt-get install -y fuse
