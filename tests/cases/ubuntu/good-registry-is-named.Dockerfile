# expect: found=22.04
FROM docker.io/library/ubuntu:22.04
