# expect: count=1 message=linux/arm64
ARG PLATFORM=linux/arm64
FROM --platform=${PLATFORM} ubuntu:20.04
