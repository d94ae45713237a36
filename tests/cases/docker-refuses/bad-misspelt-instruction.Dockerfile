# expect: count=1 line=3 column=1 message=COPPY
FROM ubuntu:20.04
COPPY environment.yml /tmp/
