# expect: count=1 line=3 column=14 message=pip
FROM ubuntu:22.04
RUN set -ex; pip install flask; echo done
