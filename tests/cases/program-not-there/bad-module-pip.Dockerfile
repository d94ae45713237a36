# expect: count=1 line=4 column=5 message="python3 brings no pip"
FROM ubuntu:22.04
RUN apt-get update && apt-get install -y python3
RUN python3 -m pip install flask
