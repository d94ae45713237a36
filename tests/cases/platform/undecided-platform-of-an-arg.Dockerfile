ARG PLATFORM
FROM --platform=${PLATFORM} ubuntu:20.04
