FROM registry.example.com/team/gpu:3
RUN apt-get update && apt-get install -y libcudnn8=8.2.1.32-1+cuda10.2
