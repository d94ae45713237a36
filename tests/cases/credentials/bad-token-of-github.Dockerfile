# expect: count=1
FROM ubuntu:20.04
RUN curl -H "Authorization: token ghp_0123456789abcdefghijABCDEFGHIJ012345" https://api.github.com/user
