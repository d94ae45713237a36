# options: --target runtime
# expect: found=20.04 line=3 column=6
FROM ubuntu:20.04 AS runtime
FROM debian:12 AS docs
