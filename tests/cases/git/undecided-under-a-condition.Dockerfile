# options: --require git
# expect: found=none
FROM ubuntu:20.04
RUN test -e /etc/want-git && apt-get install -y git || true
