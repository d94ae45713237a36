# expect: found=3.11 line=3 column=13
FROM ubuntu:22.04
COPY --from=python:3.11-slim-bookworm /usr/local /usr/local
