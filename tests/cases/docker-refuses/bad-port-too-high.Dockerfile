# expect: count=1 line=3 column=13 message=99999
FROM ubuntu:20.04
EXPOSE 5001 99999
