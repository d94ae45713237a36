# expect: found=3.10 chain=2,3,3
FROM ubuntu:22.04
RUN apt-get update && apt-get install -y python3 python3-venv && python3 -m venv /opt/venv
ENV VIRTUAL_ENV=/opt/venv
ENV PATH="$VIRTUAL_ENV/bin:$PATH"
