# options: --require git>=2.30
# expect: found=2.25.1
FROM ubuntu:20.04
RUN apt-get update && apt-get install -y git=1:2.25.1-1ubuntu3.13
