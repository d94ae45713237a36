# syntax=docker/dockerfile:1
ARG TAG=20.04
FROM --platform=linux/amd64 ubuntu:${TAG} AS base
MAINTAINER me <me@example.com>
LABEL a="1" b='2' c=3
ENV X=1 Y="2 3" Z=4\ 5
ENV OLD form of it
ARG A B=2 C="3"
WORKDIR /app
COPY --chown=1000:1000 --chmod=755 a.sh b.sh ./
ADD --checksum=sha256:24454f830cdb571e2c4ad15481119c43b3cafd48dd869a9b2945d1036d1dc68d https://example.com/x.tgz /x.tgz
RUN --mount=type=cache,target=/root/.cache --network=none true
SHELL ["/bin/bash", "-c"]
EXPOSE 5001/tcp 8080-8090
VOLUME ["/data"]
VOLUME /more
USER 1000:1000
HEALTHCHECK --interval=5s --timeout=3s CMD curl -f http://localhost/ || exit 1
ONBUILD COPY . /app
STOPSIGNAL SIGTERM
ENTRYPOINT ["/app/a.sh"]
CMD ["serve"]
