# options: --build-arg RELEASE=22.04
# expect: found=22.04
ARG RELEASE=14.04
FROM ubuntu:${RELEASE}
