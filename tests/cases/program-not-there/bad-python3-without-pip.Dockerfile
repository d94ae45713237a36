# expect: count=1 line=4 column=31 message=pip3
FROM debian:12
RUN apt-get update && apt-get install -y python3 python3-dev curl
RUN mkdir -p /app && cd /app; pip3 install flask==3.0.0
