# expect: found=20.04
FROM --platform=linux/amd64 ubuntu:20.04
