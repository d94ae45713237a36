# expect: count=1 line=4 column=5 message="no plain python"
FROM ubuntu:22.04
RUN apt-get update && apt-get install -y python3 python3-pip
RUN python -m pip install flask
