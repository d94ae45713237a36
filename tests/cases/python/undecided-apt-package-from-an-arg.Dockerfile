# expect: found=none reason="ARG VERSION has no default"
FROM ubuntu:20.04
ARG VERSION
RUN apt-get update && apt-get install -y python${VERSION}
