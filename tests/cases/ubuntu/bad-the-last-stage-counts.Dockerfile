# expect: found="debian 12" line=4 column=6
FROM ubuntu:22.04 AS build
RUN mkdir /out
FROM debian:12-slim
COPY --from=build /out /out
