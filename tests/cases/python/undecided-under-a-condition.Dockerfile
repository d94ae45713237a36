# expect: found=none reason=condition
FROM ubuntu:20.04
RUN if grep -q gpu /etc/flavour; then apt-get update && apt-get install -y python3; fi
