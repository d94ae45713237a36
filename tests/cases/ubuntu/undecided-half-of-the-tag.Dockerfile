# expect: found=none reason="ARG RELEASE has no default"
ARG RELEASE
FROM ubuntu:${RELEASE}
