FROM --platform=linux/arm64 ubuntu:20.04 AS other
RUN mkdir /out
FROM ubuntu:20.04
COPY --from=other /out /out
