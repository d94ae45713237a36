# options: --require git
# expect: found=absent
FROM ubuntu:20.04
RUN apt-get update && apt-get install -y git && git clone https://example.com/x.git && apt-get remove -y git
