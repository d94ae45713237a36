# options: --require cudnn
# expect: found=absent
FROM ubuntu:20.04
RUN apt-get update && apt-get install -y libcudnn8=8.2.1.32-1+cuda11.3 && apt-get purge -y libcudnn8
