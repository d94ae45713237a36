# expect: found=3.10
FROM ubuntu:22.04
RUN apt-get update && apt-get install -y --no-install-recommends python3-opencv=4.5.4+dfsg-9ubuntu4
