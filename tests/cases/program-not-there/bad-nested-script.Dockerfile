# expect: count=1
FROM ubuntu:22.04
RUN bash -c "pip install flask"
