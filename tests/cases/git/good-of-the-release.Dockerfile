# options: --require git>=2.20
# expect: found=2.25.1
FROM ubuntu:20.04
RUN apt-get update && apt-get install -y git
