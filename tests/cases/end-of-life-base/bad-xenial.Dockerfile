# expect: count=1 line=2 column=6 message=2021-04-30
FROM ubuntu:16.04
