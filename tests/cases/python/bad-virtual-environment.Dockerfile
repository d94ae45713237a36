# expect: found=3.5 chain=2,3,4
FROM ubuntu:16.04
RUN apt-get update && apt-get install -y python3 python3-venv
RUN python3 -m venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH
