# options: --datasets
# expect: found=absent
FROM ubuntu:20.04 AS build
RUN apt-get update && apt-get install -y fuse libfuse-dev
FROM ubuntu:20.04
COPY --from=build /etc/fuse.conf /etc/fuse.conf
