# options: --require git
# expect: found=absent
FROM buildpack-deps:focal AS build
RUN git clone https://example.com/app.git /app
FROM ubuntu:20.04
COPY --from=build /app /app
