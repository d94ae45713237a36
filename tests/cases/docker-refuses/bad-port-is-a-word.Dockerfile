# expect: count=2
FROM ubuntu:20.04
ARG PORT=http
EXPOSE $PORT 80/icmp
