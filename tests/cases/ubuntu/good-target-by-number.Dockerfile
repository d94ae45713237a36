# options: --target 0
# expect: found=20.04
FROM ubuntu:20.04
FROM debian:12
