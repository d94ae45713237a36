# options: --require cuda>=12
# expect: found=11.8 line=4 column=42
FROM ubuntu:22.04
RUN apt-get update && apt-get install -y cuda-toolkit-11-8
