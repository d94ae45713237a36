# options: --datasets
# expect: found=absent line=3 column=6
FROM ubuntu:20.04
RUN apt-get update && apt-get install -y wget
