# expect: count=1
FROM ubuntu:22.04
COPY requirements.txt .
COPY entrypoint.sh /usr/local/bin/
RUN ln -sf /usr/share/zoneinfo/UTC /etc/localtime
RUN pip install -r requirements.txt
