# options: --require git>=2.20
# expect: found=present
FROM ubuntu:16.04
RUN add-apt-repository -y ppa:git-core/ppa && apt-get update && apt-get install -y git
