FROM ubuntu:16.04 AS old
RUN mkdir /out
FROM ubuntu:24.04
COPY --from=old /out /out
