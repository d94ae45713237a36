# expect: count=1
FROM ubuntu:20.04
RUN apt-get update && apt-get install -y python3
ENV PATH=/opt/conda/bin:$PATH
