# expect: found=22.04 line=4 column=6
FROM ubuntu:14.04 AS old
RUN mkdir /out
FROM ubuntu:22.04
COPY --from=old /out /out
