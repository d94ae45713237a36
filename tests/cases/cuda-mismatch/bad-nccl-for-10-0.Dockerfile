# expect: count=1 text=libnccl2=2.4.8-1+cuda10.0
FROM nvidia/cuda:9.0-base-ubuntu16.04
RUN apt-get update && apt-get install -y libnccl2=2.4.8-1+cuda10.0
