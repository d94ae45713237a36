# expect: found=none
FROM ubuntu:22.04
COPY --from=python:3.11-slim-bookworm /usr/local /usr/local
