# options: --build-arg RELEASE=14.04
# expect: found=14.04 line=3 column=5 chain=3,4
ARG RELEASE=20.04
FROM ubuntu:${RELEASE}
