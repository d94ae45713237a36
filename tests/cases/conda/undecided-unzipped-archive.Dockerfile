# expect: found=none reason="tools.zip is not looked into"
FROM ubuntu:20.04
COPY tools.zip /opt/
RUN cd /opt && unzip -q tools.zip
