# expect: found=absent
FROM ubuntu:20.04
COPY model.tar.gz /tmp/
RUN mkdir /model && tar xzf /tmp/model.tar.gz -C /model
