# expect: found=3.5 chain=2,3
FROM ubuntu:16.04
RUN apt-get update && apt-get install --no-install-recommends -y python3-dev
