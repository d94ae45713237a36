# options: --datasets
# expect: found=none
FROM ubuntu:20.04
COPY driver.deb /tmp/
RUN dpkg -i /tmp/driver.deb
