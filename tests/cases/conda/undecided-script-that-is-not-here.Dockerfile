# expect: found=none reason=setup.sh
FROM ubuntu:20.04
COPY setup.sh /tmp/
RUN /tmp/setup.sh
