# expect: count=1 line=4 column=5
FROM ubuntu:22.04
RUN pip install flask || true
RUN pip install flask
