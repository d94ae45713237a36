# expect: found=20.04 line=2 column=11
ARG MAJOR=20
ARG RELEASE=${MAJOR}.04
FROM ubuntu:$RELEASE
