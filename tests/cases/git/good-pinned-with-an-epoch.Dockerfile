# options: --require git>=2.17
# expect: found=2.17.1
FROM ubuntu:18.04
ENV GIT=1:2.17.1-1ubuntu0.18
RUN apt-get update && apt-get install -y git=${GIT}
