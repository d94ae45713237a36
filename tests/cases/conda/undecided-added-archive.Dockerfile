# expect: found=none
FROM ubuntu:20.04
ADD conda.tar.gz /opt/
