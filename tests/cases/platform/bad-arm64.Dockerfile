# expect: count=1 message=linux/arm64
FROM --platform=linux/arm64 ubuntu:20.04
