# expect: count=3
FROM ubuntu:20.04
EXPOSE 5001 # the server
