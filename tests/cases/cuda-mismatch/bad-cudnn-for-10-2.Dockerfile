# expect: count=1 line=3 column=42 text=libcudnn8=8.2.1.32-1+cuda10.2
FROM nvidia/cuda:11.3.1-base-ubuntu20.04
RUN apt-get update && apt-get install -y libcudnn8=8.2.1.32-1+cuda10.2
