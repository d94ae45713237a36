# options: --require git>=2.20
# expect: found=2.7.4 chain=3,4
FROM ubuntu:16.04
RUN apt-get update && apt-get install -y git
